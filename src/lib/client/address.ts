/**
 * Addresses as people type them. Three generations of tools taught three spellings, and all of them are
 * understood: `host:port`, `host`, `[v6]:port`, `v6:port` (split at the last colon, as redis-trib did),
 * `redis://user:password@host:port`, and a trailing `@cport` as CLUSTER NODES prints it.
 */
import type { NodeAddress } from '../cluster/model.js';
import { TribError } from '../kernel/errors.js';

export const DEFAULT_PORT = 6379;
const PORT_MAX = 65_535;

/** A typed address with what a URI may bring along. */
export interface TypedAddress extends NodeAddress {
  readonly isTls?: boolean;
  readonly username?: string;
  readonly password?: string;
}

/** @throws TribError BAD_ADDRESS naming the text and the forms that work; a password in it is not shown. */
export function parseAddress(text: string): TypedAddress {
  const trimmed = text.trim();
  if (/^[a-z]+:\/\//i.test(trimmed)) return parseUri(trimmed);
  const at = trimmed.lastIndexOf('@');
  const busPort = at < 0 ? undefined : portOf(trimmed.slice(at + 1).split(',')[0]!, text);
  const body = at < 0 ? trimmed : trimmed.slice(0, at);
  const address = parseHostPort(body, text);
  return busPort === undefined ? address : { ...address, busPort };
}

/** `host:port` and `host port` both, for commands whose first operands are one node. */
export function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= PORT_MAX;
}

/** As CLUSTER NODES and redis-trib print it: no brackets, so that ids and addresses can be grepped. */
export function formatAddress(address: NodeAddress): string {
  return `${address.host}:${address.port}`;
}

function parseHostPort(body: string, typed: string): NodeAddress {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(body);
  if (bracketed) {
    return {
      host: hostOf(bracketed[1]!, typed),
      port: portOf(bracketed[2] ?? `${DEFAULT_PORT}`, typed),
    };
  }
  const colon = body.lastIndexOf(':');
  if (colon < 0) return { host: hostOf(body, typed), port: DEFAULT_PORT };
  return { host: hostOf(body.slice(0, colon), typed), port: portOf(body.slice(colon + 1), typed) };
}

function parseUri(text: string): TypedAddress {
  let uri: URL;
  try {
    uri = new URL(text);
  } catch (cause) {
    throw badAddress(withoutSecret(text), 'this is no URI', cause);
  }
  const isTls = uri.protocol === 'rediss:' || uri.protocol === 'valkeys:';
  if (!isTls && uri.protocol !== 'redis:' && uri.protocol !== 'valkey:') {
    throw badAddress(withoutSecret(text), `the scheme ${uri.protocol} is not known`);
  }
  const host = uri.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1';
  const port = uri.port === '' ? DEFAULT_PORT : portOf(uri.port, withoutSecret(text));
  // `redis://secret@host` has always meant a password, as in redis-cli.
  const onlyOne = uri.password === '' && uri.username !== '' && !/^[^/]*\/\/[^@]*:/.test(text);
  const username = onlyOne ? '' : decodeURIComponent(uri.username);
  const password = decodeURIComponent(onlyOne ? uri.username : uri.password);
  return {
    host,
    port,
    ...(isTls ? { isTls } : {}),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  };
}

function withoutSecret(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, '//***@');
}

function hostOf(host: string, typed: string): string {
  if (host === '' || !/^[A-Za-z0-9._:%-]+$/.test(host))
    throw badAddress(typed, 'the host is missing or malformed');
  return host;
}

function portOf(port: string, typed: string): number {
  if (!isPort(port)) throw badAddress(typed, `'${port}' is not a port (1 to ${PORT_MAX})`);
  return Number(port);
}

function badAddress(typed: string, why: string, cause?: unknown): TribError {
  return new TribError('BAD_ADDRESS', `Invalid address '${typed}': ${why}.`, {
    hint: 'Write host:port, host, [v6]:port or redis://host:port, for example 127.0.0.1:7000.',
    ...(cause === undefined ? {} : { cause }),
  });
}
