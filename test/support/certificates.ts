/**
 * A certificate authority, a server's and a client's certificate, made by openssl in a folder of their
 * own, valid for a day: for tests of TLS. Without openssl they are skipped, except in CI.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env['CI'] === 'true') throw new Error('CI needs openssl on the PATH');
    return false;
  }
}

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Certificates {
  /** The folder with everything, as for --cacertdir; paths below are in it. */
  readonly folder: string;
  readonly authority: string;
  /** For `localhost`, `trib.test`, 127.0.0.1 and ::1. */
  readonly server: KeyPair;
  readonly client: KeyPair;
  /** Signed by an authority nobody trusts. */
  readonly stranger: KeyPair;
  remove(): void;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'trib-tls-'));
  const ca = selfSigned(folder, 'ca', 'Test authority');
  return {
    folder,
    authority: ca.certificate,
    server: signed(folder, 'server', ca, 'DNS:localhost,DNS:trib.test,IP:127.0.0.1,IP:::1'),
    client: signed(folder, 'client', ca, 'DNS:client.test'),
    stranger: selfSigned(folder, 'stranger', 'Stranger'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function selfSigned(folder: string, name: string, subject: string): KeyPair {
  const pair = pairIn(folder, name);
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', [
    ['-keyout', pair.key],
    ['-out', pair.certificate],
    ['-days', '1'],
    ['-subj', `/CN=${subject}`],
  ]);
  return pair;
}

function signed(folder: string, name: string, ca: KeyPair, altNames: string): KeyPair {
  const pair = pairIn(folder, name);
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, `subjectAltName=${altNames}\n`);
  openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', [
    ['-keyout', pair.key],
    ['-out', request],
    ['-subj', `/CN=${name}`],
  ]);
  openssl('x509', '-req', '-CAcreateserial', [
    ['-in', request],
    ['-CA', ca.certificate],
    ['-CAkey', ca.key],
    ['-out', pair.certificate],
    ['-days', '1'],
    ['-extfile', extensions],
  ]);
  return pair;
}

function pairIn(folder: string, name: string): KeyPair {
  return { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

function openssl(...args: (string | [string, string][])[]): void {
  execFileSync('openssl', args.flat(2), { stdio: ['ignore', 'ignore', 'pipe'] });
}
