/** The server that keys come from: what it says of itself, and all its keys, page by page, weighed. */
import { formatAddress } from '../../cluster/address.js';
import { parseFacts } from '../../cluster/facts.js';
import type { NodeAddress } from '../../cluster/model.js';
import { TribError } from '../../kernel/errors.js';
import { isAtLeast } from '../../kernel/version.js';
import type { ImportSource } from '../../plan/plan-import.js';
import type { BinaryReply, Link, Links } from '../links.js';

/** As redis-cli asks: long enough to be quick, short enough not to be felt by the server's clients. */
const SCAN_COUNT = 1_000;

export interface WeighedKey {
  /** latin1 */
  readonly key: string;
  /** 0 where the server cannot tell. */
  readonly bytes: number;
}

/** @throws TribError as `Link.ask`; REPLY_ERROR when it does not tell its INFO. */
export async function observeSource(links: Links, address: NodeAddress): Promise<ImportSource> {
  const [info, tls] = await links.to(address).ask([['INFO'], ['CONFIG', 'GET', 'tls-cluster']]);
  if (info instanceof TribError) throw info;
  const facts = parseFacts(typeof info === 'string' ? { info } : {});
  // Who may not ask for the configuration is taken for the default.
  const migratesByTls = Array.isArray(tls) && tls[1] === 'yes';
  return { address, facts, migratesByTls };
}

/** A database of its own for each packet: a connection that was opened anew has forgotten the last one. */
export async function askIn(
  link: Link,
  database: number,
  requests: readonly (readonly string[])[],
  options: { readonly deadlineMs?: number } = {},
): Promise<readonly (BinaryReply | TribError)[]> {
  const [selected, ...replies] = await link.askBinary(
    [['SELECT', String(database)], ...requests],
    options,
  );
  if (selected instanceof TribError) throw selected;
  return replies;
}

/**
 * Every key that is there from the beginning to the end; one may come twice, one that is written meanwhile
 * may not come. @throws TribError
 */
export async function* scanKeys(
  link: Link,
  database: number,
): AsyncGenerator<readonly string[], void, undefined> {
  // A cursor is a number of 64 bits: text here.
  let cursor = '0';
  do {
    const [reply] = await askIn(link, database, [['SCAN', cursor, 'COUNT', String(SCAN_COUNT)]]);
    if (reply instanceof TribError) throw reply;
    if (!Array.isArray(reply)) throw noScan(link);
    const [next, keys] = reply as unknown as readonly [string, readonly string[]];
    if (keys.length > 0) yield keys;
    cursor = next;
  } while (cursor !== '0');
}

/** How heavy keys are; those that went meanwhile are left out. */
export async function weigh(
  link: Link,
  database: number,
  keys: readonly string[],
  version: string | undefined,
): Promise<readonly WeighedKey[]> {
  if (!isAtLeast(version, '4.0.0')) return keys.map((key) => ({ key, bytes: 0 }));
  const replies = await askIn(
    link,
    database,
    keys.map((key) => ['MEMORY', 'USAGE', key]),
  );
  return keys.flatMap((key, at) => {
    const reply = replies[at];
    // Who may not weigh goes by the number of keys.
    if (reply instanceof TribError) return [{ key, bytes: 0 }];
    return reply === null ? [] : [{ key, bytes: Number(reply) }];
  });
}

function noScan(link: Link): TribError {
  return new TribError(
    'PROTOCOL',
    `${formatAddress(link.address)} does not answer SCAN as a server does.`,
  );
}
