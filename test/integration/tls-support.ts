/** What tests of TLS share: the directives, redis-cli over TLS, and a client with or without a certificate. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import type { Certificates, KeyPair } from '../support/certificates.js';

export function tlsDirectives(certificates: Certificates): Record<string, string> {
  const { authority, server } = certificates;
  return {
    'tls-cert-file': server.certificate,
    'tls-key-file': server.key,
    'tls-ca-cert-file': authority,
  };
}

export function clientOptions(certificates: Certificates, pair?: KeyPair): ConnectionOptions {
  const shown =
    pair === undefined ? {} : { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) };
  return { ca: readFileSync(certificates.authority), ...shown };
}

export interface CliResult {
  readonly status: number;
  readonly output: string;
}

/** Not awaited synchronously: the node may live in this process. */
export async function tlsCli(
  port: number,
  { authority, client }: Certificates,
  args: readonly string[],
): Promise<CliResult> {
  const login = ['--tls', '--cacert', authority, '--cert', client.certificate];
  const all = [...login, '--key', client.key, '-p', String(port), ...args];
  try {
    const { stdout } = await promisify(execFile)('redis-cli', all, { timeout: 20_000 });
    return { status: 0, output: stdout.trimEnd() };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, output: `${stdout}${stderr}`.trimEnd() };
  }
}
