/** Databases of a cluster node. Valkey 9 may have several; all others have database 0, whatever `databases` says. */
import { TribError } from '../../kernel/errors.js';
import type { Link } from '../links.js';

export async function databasesOf(node: Link): Promise<readonly number[]> {
  const [reply] = await node.ask([['CONFIG', 'GET', 'cluster-databases']]);
  const count = Array.isArray(reply) ? Number(reply[1] ?? 1) : 1;
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

export async function select(link: Link, database: number): Promise<void> {
  if (database === 0) return;
  const [reply] = await link.ask([['SELECT', String(database)]]);
  if (reply instanceof TribError) throw reply;
}
