/**
 * From the `tls-*` directives and the files they name to what Node.js takes, for both directions. Each part
 * is tried by itself, so that a complaint names the file it is about, in the words of redis-server's log.
 */
import { constants, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  createSecureContext,
  DEFAULT_CIPHERS,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
  type TlsOptions,
} from 'node:tls';
import { latin1ToUtf8 } from '../../../kernel/bytes.js';
import { err, ok, type Result } from '../../../kernel/result.js';
import type { ConfigWing } from '../../ports/wings.js';
import { reasonOf } from './reasons.js';

export interface TlsContexts {
  /** For who connects to us; whether they must show a certificate is not in it. */
  readonly server: TlsOptions;
  /** For our own connections to others. */
  readonly client: SecureContext;
}

interface KeyPairFiles {
  readonly certificate: string;
  readonly key: string;
  readonly passphrase: string;
}

const SERVER_PAIR: KeyPairFiles = {
  certificate: 'tls-cert-file',
  key: 'tls-key-file',
  passphrase: 'tls-key-file-pass',
};
const CLIENT_PAIR: KeyPairFiles = {
  certificate: 'tls-client-cert-file',
  key: 'tls-client-key-file',
  passphrase: 'tls-client-key-file-pass',
};

/** The other side of a complaint: thrown inside this file only, with a line for the log. */
class TlsComplaint extends Error {}

/** @returns a line for the log when they cannot be used as they are. */
export function readContexts(config: ConfigWing, dir: string): Result<TlsContexts> {
  try {
    return ok(new ContextReader(config, dir).read());
  } catch (error) {
    if (error instanceof TlsComplaint) return err(error.message);
    throw error;
  }
}

class ContextReader {
  readonly #config: ConfigWing;
  readonly #dir: string;

  constructor(config: ConfigWing, dir: string) {
    this.#config = config;
    this.#dir = dir;
  }

  read(): TlsContexts {
    if (this.#text('tls-cert-file') === '') throw new TlsComplaint('No tls-cert-file configured!');
    if (this.#text('tls-key-file') === '') throw new TlsComplaint('No tls-key-file configured!');
    const hasAuthority = ['tls-ca-cert-file', 'tls-ca-cert-dir'].some((name) => this.#text(name));
    if (this.#verifiesPeers && !hasAuthority) {
      throw new TlsComplaint(
        'Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, tls-replication or tls-auth-clients are enabled!',
      );
    }
    const protocols = protocolsFrom(this.#text('tls-protocols'));
    const pair = this.#keyPair(SERVER_PAIR);
    const common = { ca: this.#authorities(), ...protocols, ...this.#ciphers() };
    const hasClientPair = this.#text(CLIENT_PAIR.certificate) && this.#text(CLIENT_PAIR.key);
    const clientPair = hasClientPair ? this.#keyPair(CLIENT_PAIR) : pair;
    const server: TlsOptions = {
      ...common,
      ...pair,
      ...this.#diffieHellman(),
      ...this.#sessions(),
      honorCipherOrder: this.#config.boolean('tls-prefer-server-ciphers'),
      secureOptions: protocols.secureOptions | (this.#isResuming ? 0 : constants.SSL_OP_NO_TICKET),
    };
    createSecureContext(server);
    return { server, client: createSecureContext({ ...common, ...clientPair }) };
  }

  get #verifiesPeers(): boolean {
    const config = this.#config;
    const isCalling = config.boolean('tls-cluster') || config.boolean('tls-replication');
    return isCalling || this.#text('tls-auth-clients') !== 'no';
  }

  get #isResuming(): boolean {
    return this.#config.boolean('tls-session-caching');
  }

  #keyPair(files: KeyPairFiles): SecureContextOptions {
    const cert = this.#part(files.certificate, 'Failed to load certificate', (pem) => ({
      cert: pem,
    }));
    const passphrase = this.#text(files.passphrase);
    return this.#part(files.key, 'Failed to load private key', (pem) => ({
      ...cert,
      key: pem,
      ...(passphrase === '' ? {} : { passphrase }),
    }));
  }

  #diffieHellman(): SecureContextOptions {
    const path = this.#text('tls-dh-params-file');
    if (path === '') return {};
    return this.#part('tls-dh-params-file', 'Failed to load DH params file', (pem) => {
      // Node.js would go on without them.
      const isThere = /-----BEGIN (X9\.42 )?DH PARAMETERS-----/.test(pem.toString('latin1'));
      if (!isThere) throw new TlsComplaint(`${path}: failed to read DH params.`);
      return { dhparam: pem };
    });
  }

  /** Reads one file and tries what is made of it. */
  #part(
    name: string,
    complaint: string,
    optionsOf: (pem: Buffer) => SecureContextOptions,
  ): SecureContextOptions {
    const path = this.#text(name);
    try {
      const options = optionsOf(readFileSync(this.#path(path)));
      createSecureContext(options);
      return options;
    } catch (error) {
      if (error instanceof TlsComplaint) throw error;
      throw new TlsComplaint(`${complaint}: ${path}: ${reasonOf(error)}`);
    }
  }

  #authorities(): Buffer[] {
    const complaint = 'Failed to configure CA certificate(s) file/directory';
    try {
      const file = this.#text('tls-ca-cert-file');
      const folder = this.#text('tls-ca-cert-dir');
      const fromFile = file === '' ? [] : [certificatesIn(this.#path(file))];
      if (fromFile.some((found) => found === undefined)) throw new Error(`${file}: no certificate`);
      const fromFolder = folder === '' ? [] : certificatesInFolder(this.#path(folder));
      return [...fromFile, ...fromFolder].filter((found) => found !== undefined);
    } catch (error) {
      throw new TlsComplaint(`${complaint}: ${reasonOf(error)}`);
    }
  }

  #ciphers(): SecureContextOptions {
    const suites = this.#text('tls-ciphersuites');
    const ciphers = this.#text('tls-ciphers');
    if (suites === '' && ciphers === '') return {};
    const isSuite = (name: string): boolean => name.startsWith('TLS_');
    const builtIn = DEFAULT_CIPHERS.split(':');
    const chosen = {
      suites: suites === '' ? builtIn.filter(isSuite) : suites.split(':'),
      ciphers: ciphers === '' ? builtIn.filter((name) => !isSuite(name)) : ciphers.split(':'),
    };
    tryCiphers('ciphersuites', suites, chosen.suites);
    tryCiphers('ciphers', ciphers, chosen.ciphers);
    return { ciphers: [...chosen.suites, ...chosen.ciphers].join(':') };
  }

  #sessions(): SecureContextOptions {
    const seconds = this.#config.number('tls-session-cache-timeout');
    // 0 would mean "for ever" to one reader and "the default" to another.
    return { sessionTimeout: Math.max(1, seconds) };
  }

  #path(path: string): string {
    return resolve(this.#dir, latin1ToUtf8(path));
  }

  #text(name: string): string {
    return this.#config.get(name) ?? '';
  }
}

function tryCiphers(kind: 'ciphers' | 'ciphersuites', given: string, names: string[]): void {
  try {
    // A suite under another directive's name would be taken, as part of one list.
    const isMisplaced = names.some((name) => name.startsWith('TLS_') !== (kind === 'ciphersuites'));
    if (isMisplaced) throw new Error('misplaced');
    createSecureContext({ ciphers: names.join(':') });
  } catch {
    throw new TlsComplaint(`Failed to configure ${kind}: ${given}`);
  }
}

const PROTOCOLS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
const OFF: Readonly<Record<(typeof PROTOCOLS)[number], number>> = {
  TLSv1: constants.SSL_OP_NO_TLSv1,
  'TLSv1.1': constants.SSL_OP_NO_TLSv1_1,
  'TLSv1.2': constants.SSL_OP_NO_TLSv1_2,
  'TLSv1.3': constants.SSL_OP_NO_TLSv1_3,
};

interface ProtocolOptions {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  readonly secureOptions: number;
}

function protocolsFrom(text: string): ProtocolOptions {
  const words = text.split(' ').filter((word) => word !== '');
  const known = words.map((word) =>
    PROTOCOLS.find((name) => name.toLowerCase() === word.toLowerCase()),
  );
  if (known.includes(undefined)) {
    throw new TlsComplaint(
      "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.",
    );
  }
  const isBuiltIn = (name: SecureVersion): boolean => name === 'TLSv1.2' || name === 'TLSv1.3';
  const chosen = PROTOCOLS.filter(words.length === 0 ? isBuiltIn : (name) => known.includes(name));
  const off = PROTOCOLS.filter((name) => !chosen.includes(name));
  return {
    minVersion: chosen[0]!,
    maxVersion: chosen.at(-1)!,
    secureOptions: off.reduce((bits, name) => bits | OFF[name], constants.SSL_OP_NO_RENEGOTIATION),
  };
}

/** The file as it is, if there is a certificate in it. */
function certificatesIn(path: string): Buffer | undefined {
  const pem = readFileSync(path);
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) return undefined;
  new X509Certificate(pem);
  return pem;
}

/** OpenSSL's hashed names are links to the same files, which may be there under their own names as well. */
function certificatesInFolder(folder: string): (Buffer | undefined)[] {
  return readdirSync(folder)
    .filter((name) => /\.(pem|crt|cer|\d+)$/.test(name))
    .map((name) => certificatesIn(join(folder, name)));
}
