/**
 * Whom a certificate must name. Cluster nodes are known by IP address, and certificates rarely list
 * those: redis-cli checks who signed them and no more. The same goes here for addresses; a name that was
 * typed, or given with --sni, must be in the certificate.
 */
import type { ConnectionOptions as NodeTlsOptions } from 'node:tls';
import { isIP } from 'node:net';
import type { TlsOptions } from './connection-options.js';

export function tlsFor(host: string, tls: TlsOptions): NodeTlsOptions {
  if (tls.servername !== undefined) return tls;
  if (isIP(host) === 0) return { ...tls, servername: host };
  return { ...tls, checkServerIdentity: () => undefined };
}
