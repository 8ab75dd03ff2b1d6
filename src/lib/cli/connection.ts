/** From what was typed to how servers are reached: login, TLS, address family, NAT, patience. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { targetFrom, type Target } from '../cluster/address.js';
import {
  CALL_DEADLINE_MS,
  type ConnectionOptions,
  type TlsOptions,
} from '../client/connection-options.js';
import { NatMap } from '../client/nat-map.js';
import { DEADLINE_MS } from '../execute/context.js';
import { TribError, messageOf } from '../kernel/errors.js';
import type { ConnectionFlags } from './flags.js';
import { askPassword, type Asking } from './prompt.js';

export interface Surroundings extends Asking {
  readonly env: NodeJS.ProcessEnv;
  readonly warn: (message: string) => void;
  /** What `--askpass` asks; default: for a password. */
  readonly passwordPrompt?: string | undefined;
}

/** @param targets addresses of the command line; the first one that is a URI with a login gives it. */
export async function connectionFrom(
  flags: ConnectionFlags,
  targets: readonly Target[],
  surroundings: Surroundings,
): Promise<ConnectionOptions> {
  const all = flags.uri === undefined ? targets : [targetFrom(flags.uri), ...targets];
  const login = all.find(({ password, user }) => password !== undefined || user !== undefined);
  const username = flags.user ?? login?.user;
  // A user who needs no password has to say who he is all the same.
  const none = username === undefined ? undefined : '';
  const password = (await passwordFrom(flags, login, surroundings)) ?? none;
  const deadlineMs = deadlineFrom(flags);
  const isTls = flags.tls === true || all.some((target) => target.isTls);
  const seconds = flags['connect-timeout-seconds'];
  return {
    username,
    password,
    family: flags.ipv6 === true ? 6 : flags.ipv4 === true ? 4 : undefined,
    tls: isTls ? tlsFrom(flags) : undefined,
    natMap: new NatMap(flags['nat-map']),
    connectTimeoutMs: flags['connect-timeout'] ?? (seconds ? seconds * 1_000 : undefined),
    callDeadlineMs: Math.min(CALL_DEADLINE_MS, deadlineMs),
  };
}

export function deadlineFrom(flags: ConnectionFlags): number {
  return flags.deadline ?? DEADLINE_MS;
}

async function passwordFrom(
  flags: ConnectionFlags,
  login: Target | undefined,
  { env, warn, passwordPrompt, ...asking }: Surroundings,
): Promise<string | undefined> {
  const typed = flags.pass ?? login?.password;
  if (typed !== undefined && flags['no-auth-warning'] !== true) {
    warn(
      'Warning: a password on the command line can be read by others on this machine; REDISCLI_AUTH or --password-file keep it to yourself.',
    );
  }
  if (flags.pass !== undefined) return flags.pass;
  if (flags['password-file'] !== undefined) {
    return readText(flags['password-file'], '--password-file').split(/\r?\n/, 1)[0];
  }
  if (flags.askpass === true) return askPassword(asking, passwordPrompt);
  return login?.password ?? (env['REDISCLI_AUTH'] || env['VALKEYCLI_AUTH'] || undefined);
}

function tlsFrom(flags: ConnectionFlags): TlsOptions {
  const ca = [
    ...(flags.cacert === undefined ? [] : [readText(flags.cacert, '--cacert')]),
    ...(flags.cacertdir === undefined ? [] : readFolder(flags.cacertdir)),
  ];
  return {
    ...(ca.length === 0 ? {} : { ca }),
    ...(flags.cert === undefined ? {} : { cert: readText(flags.cert, '--cert') }),
    ...(flags.key === undefined ? {} : { key: readText(flags.key, '--key') }),
    ...(flags.sni === undefined ? {} : { servername: flags.sni }),
    ...(flags['tls-ciphers'] === undefined ? {} : { ciphers: flags['tls-ciphers'] }),
    rejectUnauthorized: flags.insecure !== true,
  };
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TribError('USAGE', `${option} ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Files with certificates in them; OpenSSL's hashed names are links to the same ones. */
function readFolder(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    const why = messageOf(cause);
    throw new TribError('USAGE', `--cacertdir ${folder} cannot be read: ${why}`, { cause });
  }
  return names
    .filter((name) => /\.(pem|crt|cer|\d)$/.test(name))
    .map((name) => readText(join(folder, name), '--cacertdir'))
    .filter((text) => text.includes('BEGIN CERTIFICATE'));
}
