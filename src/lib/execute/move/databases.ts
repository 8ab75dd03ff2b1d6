/** Databases of a cluster node. Valkey 9 may have several; all others have database 0, whatever `databases` says. */
import type { NodeAddress } from '../../cluster/model.js';
import { TribError } from '../../kernel/errors.js';
import type { CallOptions, Link, Links } from '../links.js';

export async function databasesOf(
  node: Link,
  options: CallOptions = {},
): Promise<readonly number[]> {
  const [reply] = await node.ask([['CONFIG', 'GET', 'cluster-databases']], options);
  const isKnown = Array.isArray(reply) && reply[0] === 'cluster-databases';
  const count = isKnown ? Number(reply[1]) : 1;
  return Array.from({ length: Number.isInteger(count) && count > 1 ? count : 1 }, (_, at) => at);
}

/** @param link one that nobody else uses: it is closed at the end. */
export async function selecting<T>(
  link: Link,
  database: number,
  work: (link: Link) => Promise<T>,
): Promise<T> {
  try {
    await select(link, database);
    return await work(link);
  } finally {
    link.close();
  }
}

/** One after the other; only for further databases connections are opened. */
export async function inEachDatabase(
  links: Links,
  address: NodeAddress,
  work: (link: Link) => Promise<void>,
  options: CallOptions = {},
): Promise<void> {
  const link = links.to(address);
  for (const database of await databasesOf(link, options)) {
    if (database === 0) await work(link);
    else await selecting(links.apart(address), database, work);
  }
}

export async function select(link: Link, database: number): Promise<void> {
  if (database === 0) return;
  const [reply] = await link.ask([['SELECT', String(database)]]);
  if (reply instanceof TribError) throw reply;
}
