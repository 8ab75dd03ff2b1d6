/** How the nodes of a test are reached, by each other and by whoever runs them. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConnectionOptions } from '../../client/connection-options.js';
import { utf8ToLatin1 } from '../../kernel/bytes.js';
import { messageOf, TribError } from '../../kernel/errors.js';
import type { TlsFiles } from './api.js';

export interface Access {
  readonly password: string | undefined;
  readonly tls: TlsFiles | undefined;
}

/** As one of the nodes: what they show each other is good enough for them. @throws TribError BAD_CONFIG */
export function connectionFor({ password, tls }: Access): ConnectionOptions {
  if (tls === undefined) return { password };
  const { certFile, keyFile, caFile } = tls;
  return { password, tls: { cert: read(certFile), key: read(keyFile), ca: read(caFile) } };
}

/** Relative names are those of the caller, and a node has a folder of its own. */
export function directivesFor({ certFile, keyFile, caFile }: TlsFiles): Record<string, string> {
  const path = (file: string): string => utf8ToLatin1(resolve(file));
  return {
    'tls-cert-file': path(certFile),
    'tls-key-file': path(keyFile),
    'tls-ca-cert-file': path(caFile),
    'tls-replication': 'yes',
    'tls-cluster': 'yes',
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (cause) {
    throw new TribError('BAD_CONFIG', `Cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}
