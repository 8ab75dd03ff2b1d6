/** A full sync of a million keys, from and to a real server, beside one between two real servers. */
import type { Figure } from '../support/measure.js';
import { stringKeys } from '../support/raw-client.js';
import { type Kind, type Server, withServer } from '../support/server.js';
import { untilInfo } from '../support/until.js';

/** A primary that waits for more replicas would measure its patience. */
const NO_DELAY = ['--repl-diskless-sync-delay', '0'];
const WANTED_FACTOR = 3;

const PAIRS: readonly (readonly [primary: Kind, replica: Kind])[] = [
  ['trib', 'redis-server'],
  ['redis-server', 'trib'],
];

export async function benchSync(keys: number, runs: number): Promise<Figure[]> {
  const real: number[] = [];
  const ours = new Map(PAIRS.map((pair) => [pair, [] as number[]]));
  for (let run = 0; run < runs; run++) {
    for (const [pair, samples] of ours) samples.push(await syncMs(...pair, keys));
    real.push(await syncMs('redis-server', 'redis-server', keys));
  }
  return [...ours].map(([[primary, replica], samples]) => ({
    what: `full sync of ${keys} keys, ${primary} to ${replica}`,
    unit: 'ms',
    trib: samples,
    other: { name: 'between two redis-servers', samples: real },
    wanted: { kind: 'times as long', factor: WANTED_FACTOR },
  }));
}

function syncMs(primaryKind: Kind, replicaKind: Kind, keys: number): Promise<number> {
  const options = { directives: NO_DELAY };
  return withServer(primaryKind, options, async (primary) => {
    const client = await primary.connect();
    await client.pipeline(stringKeys(keys));
    client.close();
    return withServer(replicaKind, options, (replica) => followMs(replica, primary, keys));
  });
}

/** From REPLICAOF until the link is up and every key is there. */
async function followMs(replica: Server, primary: Server, keys: number): Promise<number> {
  const startedAt = performance.now();
  await replica.call('REPLICAOF', '127.0.0.1', String(primary.port));
  await untilInfo(replica, 'replication', /master_link_status:up/);
  const ms = performance.now() - startedAt;
  const size = await replica.call('DBSIZE');
  if (size !== `:${keys}\r\n`) throw new Error(`the replica has ${size.trim()} of ${keys} keys`);
  return ms;
}
