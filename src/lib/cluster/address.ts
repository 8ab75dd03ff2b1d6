/**
 * Addresses as people type them. `host:port`, a bare host (port 6379), `[v6]:port`, `v6:port` (split at
 * the last colon, as CLUSTER NODES prints it), each with an optional `@busport`; and `redis://` or
 * `rediss://` URIs, which carry a login as well. An error never repeats a password.
 */
import { TribError } from '../kernel/errors.js';
import { err, ok, type Result } from '../kernel/result.js';
import type { NodeAddress } from './model.js';

const DEFAULT_PORT = 6379;
const PORT_MAX = 65_535;

export type AddressErrorKind =
  'empty' | 'bad-host' | 'bad-port' | 'bad-bus-port' | 'bad-bracket' | 'bad-uri' | 'bad-database';

export interface AddressError {
  readonly kind: AddressErrorKind;
  /** For people; holds no password. */
  readonly message: string;
}

/** What a URI says beyond the address. */
export interface Target {
  readonly address: NodeAddress;
  readonly isTls: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly database?: number;
}

export function parseAddress(text: string): Result<NodeAddress, AddressError> {
  if (text.trim() === '') return fail('empty', 'The address is empty.');
  const at = text.lastIndexOf('@');
  const busPort = at < 0 ? undefined : parsePort(text.slice(at + 1));
  if (at >= 0 && busPort === undefined) {
    // What is not a bus port is most likely a host, and a login stands before it: say only what follows.
    const tail = text.slice(at);
    return fail('bad-bus-port', `"${tail}": the bus port after @ must be 1 to ${PORT_MAX}.`);
  }
  const split = splitHostPort(at < 0 ? text : text.slice(0, at), text);
  if (!split.ok) return split;
  const { host, portText } = split.value;
  if (!isHost(host)) return fail('bad-host', `"${text}": "${host}" is no IP address or host name.`);
  const port = portText === undefined ? DEFAULT_PORT : parsePort(portText);
  if (port === undefined) {
    return fail('bad-port', `"${text}": the port must be a number from 1 to ${PORT_MAX}.`);
  }
  return ok(busPort === undefined ? { host, port } : { host, port, busPort });
}

/** A plain address or a `redis://`, `rediss://`, `valkey://`, `valkeys://` URI. */
export function parseTarget(text: string): Result<Target, AddressError> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const address = parseAddress(text);
    return address.ok ? ok({ address: address.value, isTls: false }) : address;
  }
  if (!['redis', 'rediss', 'valkey', 'valkeys'].includes(scheme)) {
    return fail('bad-uri', `The scheme "${scheme}://" is unknown; use redis:// or rediss://.`);
  }
  return parseUri(text.slice(scheme.length + 3), scheme === 'rediss' || scheme === 'valkeys');
}

/** As `parseTarget`. @throws TribError BAD_ADDRESS */
export function targetFrom(text: string): Target {
  const target = parseTarget(text);
  if (target.ok) return target.value;
  throw new TribError('BAD_ADDRESS', target.error.message, {
    hint: 'Give host:port, [ipv6]:port, or redis://user:password@host:port.',
    details: { kind: target.error.kind },
  });
}

/** As `parseAddress`, login and database of a URI ignored. @throws TribError BAD_ADDRESS */
export function addressFrom(text: string): NodeAddress {
  return targetFrom(text).address;
}

/**
 * The words of a command that takes one node: `host:port`, or `host port` as redis-cli allows. Returns
 * the node's text and the words left over. A second word that is a port belongs to the first one only
 * when the first has none of its own.
 */
export function takeAddressWords(words: readonly string[]): {
  readonly text: string;
  readonly rest: readonly string[];
} {
  const [first = '', second, ...rest] = words;
  const isPair =
    second !== undefined &&
    parsePort(second) !== undefined &&
    !first.includes('://') &&
    (isIpv6(unbracket(first)) || !/[:@]/.test(first)) &&
    isHost(unbracket(first));
  if (!isPair) return { text: first, rest: words.slice(1) };
  return { text: formatAddress({ host: unbracket(first), port: Number(second) }), rest };
}

/** `host:port`, IPv6 in brackets. */
export function formatAddress({ host, port }: NodeAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isSameAddress(a: NodeAddress, b: NodeAddress): boolean {
  return a.port === b.port && a.host.toLowerCase() === b.host.toLowerCase();
}

/** 127.0.0.0/8, ::1, and the name everybody gives it. */
export function isLoopback(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host) || host === '::1' || host.toLowerCase() === 'localhost';
}

function isIpv4(text: string): boolean {
  return /^(\d{1,3})(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => +part <= 255);
}

export function isIpv6(text: string): boolean {
  const bare = text.replace(/%[\w.-]+$/, '');
  if (!/^[0-9a-fA-F:.]+$/.test(bare) || bare.split('::').length > 2) return false;
  const [head = '', tail] = bare.split('::');
  const groups = [head, tail ?? ''].flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const isMixed = last.includes('.');
  if (isMixed && !isIpv4(last)) return false;
  const hex = isMixed ? groups.slice(0, -1) : groups;
  const width = hex.length + (isMixed ? 2 : 0);
  const fits = tail === undefined ? width === 8 : width <= 7;
  return fits && hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group));
}

function splitHostPort(
  text: string,
  whole: string,
): Result<{ readonly host: string; readonly portText: string | undefined }, AddressError> {
  if (text.startsWith('[')) {
    const match = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
    if (!match || !isIpv6(match[1]!)) {
      return fail('bad-bracket', `"${whole}": brackets must hold an IPv6 address: [::1]:6379.`);
    }
    return ok({ host: match[1]!, portText: match[2] });
  }
  const colon = text.lastIndexOf(':');
  if (colon < 0) return ok({ host: text, portText: undefined });
  const host = text.slice(0, colon);
  const portText = text.slice(colon + 1);
  // `2001:db8::1` has no port: cut at the last colon its host would be no address. Neither has
  // `::ffff:10.0.0.1`, whose last part is no number.
  const isCut = isIpv6(host) && !portText.includes('.');
  if (host.includes(':') && !isCut && isIpv6(text)) return ok({ host: text, portText: undefined });
  return ok({ host, portText });
}

/** The part after `scheme://`: `[[user:]password@]host[:port][/database]`, percent-encoded. */
function parseUri(text: string, isTls: boolean): Result<Target, AddressError> {
  const slash = text.indexOf('/', Math.max(0, text.lastIndexOf('@')));
  const authority = slash < 0 ? text : text.slice(0, slash);
  const path = slash < 0 ? '' : text.slice(slash + 1);
  const at = authority.lastIndexOf('@');
  const hostPort = authority.slice(at + 1);
  if (/[?#]/.test(hostPort + path)) {
    return fail('bad-uri', 'A URI takes no query (?…) and no fragment (#…).');
  }
  const address = parseAddress(hostPort);
  if (!address.ok) {
    // Without an @ it may be a login that lacks its host.
    if (at >= 0) return address;
    return fail(address.error.kind, 'The URI holds no valid host:port.');
  }
  const login = at < 0 ? ok({}) : parseLogin(authority.slice(0, at));
  if (!login.ok) return login;
  if (path === '') return ok({ address: address.value, isTls, ...login.value });
  if (!/^\d{1,9}$/.test(path)) return fail('bad-database', `"/${path}": the database is a number.`);
  return ok({ address: address.value, isTls, ...login.value, database: Number(path) });
}

function parseLogin(text: string): Result<Pick<Target, 'user' | 'password'>, AddressError> {
  const colon = text.indexOf(':');
  try {
    // Without a colon it is the password, as in redis-cli.
    if (colon < 0) return ok(text === '' ? {} : { password: decodeURIComponent(text) });
    const user = decodeURIComponent(text.slice(0, colon));
    const password = decodeURIComponent(text.slice(colon + 1));
    return ok(user === '' ? { password } : { user, password });
  } catch {
    return fail('bad-uri', 'The login in the URI is not percent-encoded properly.');
  }
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= PORT_MAX ? port : undefined;
}

function isHost(text: string): boolean {
  // Four numbers with dots must be an address: 300.1.1.1 is a slip, not a name.
  if (/^[\d.]+$/.test(text)) return isIpv4(text);
  return isIpv6(text) || (text.length <= 253 && /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$/i.test(text));
}

const unbracket = (text: string): string => text.replace(/^\[(.*)\]$/, '$1');

const fail = (kind: AddressErrorKind, message: string) => err<AddressError>({ kind, message });
