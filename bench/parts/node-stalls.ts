/**
 * How long a node with a million keys stands still at most while it does what concerns all of them. Nobody is
 * served meanwhile, so this is what clients feel. While idle, too: what the machine adds of its own accord.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Figure } from '../support/measure.js';
import { stringKeys } from '../support/raw-client.js';
import { Server, withServer } from '../support/server.js';
import { untilHolds, untilInfo } from '../support/until.js';

const LONGEST_MS = 100;

type Stalls = Map<string, number[]>;

export async function benchStalls(keys: number, runs: number): Promise<Figure[]> {
  const stalls: Stalls = new Map();
  for (let run = 0; run < runs; run++) {
    await standalone(keys, stalls);
    await inCluster(keys, stalls);
  }
  return [...stalls].map(([what, samples]) => ({
    what: `longest stall, ${keys} keys: ${what}`,
    unit: 'ms',
    trib: samples,
    wanted:
      what === IDLE || what === INSERTION
        ? { kind: 'shown' }
        : { kind: 'below', limit: LONGEST_MS },
    limitedBy: LIMITED_BY,
  }));
}

const IDLE = 'idle for two seconds';
const INSERTION = 'their insertion';
const LIMITED_BY =
  'Compare with the idle row: on a crowded machine the system alone takes the processor away for that long. See the notes for what the garbage collector adds.';

async function standalone(keys: number, stalls: Stalls): Promise<void> {
  const folder = await withServerKept(async (server) => {
    const during = watcher(server, stalls);
    await fill(server, keys, during);
    await during(IDLE, () => delay(2_000));
    await during('BGSAVE', async () => {
      await server.call('BGSAVE');
      await untilInfo(server, 'persistence', /rdb_bgsave_in_progress:0/);
    });
    await during('full sync of a replica', () =>
      withServer('redis-server', {}, async (replica) => {
        await replica.call('REPLICAOF', '127.0.0.1', String(server.port));
        await untilInfo(replica, 'replication', /master_link_status:up/);
      }),
    );
    await during('first AOF and its rewrite', async () => {
      await server.call('CONFIG', 'SET', 'appendonly', 'yes');
      // -1 before the first has been made.
      await untilInfo(
        server,
        'persistence',
        /aof_rewrite_in_progress:0[^]*aof_last_rewrite_time_sec:\d/,
      );
      await server.call('BGREWRITEAOF');
      await untilInfo(server, 'persistence', /aof_rewrite_in_progress:0/);
      await server.call('CONFIG', 'SET', 'appendonly', 'no');
    });
  });
  await withServer('trib', { folder }, async (server) => {
    const during = watcher(server, stalls);
    await during('loading', () => untilInfo(server, 'persistence', /loading:0/));
    await during('FLUSHALL', async () => {
      await server.call('FLUSHALL');
      await delay(500);
    });
  });
}

/** All keys stand in one slot, which another node then takes. */
async function inCluster(keys: number, stalls: Stalls): Promise<void> {
  const directives = ['--cluster-enabled', 'yes'];
  await withServer('trib', { directives }, async (server) => {
    await server.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await untilInfo(server, 'cluster', /cluster_state:ok/);
    await fill(server, keys, async (_what, act) => act(), '{a}');
    const slot = /\d+/.exec(await server.call('CLUSTER', 'KEYSLOT', '{a}'))![0];
    await withServer('trib', { directives }, async (rival) => {
      await rival.call('CLUSTER', 'MEET', '127.0.0.1', String(server.port));
      const id = (await rival.call('CLUSTER', 'MYID')).split('\r\n')[1]!;
      await untilHolds('they have met', async () =>
        (await server.call('CLUSTER', 'NODES')).includes(id),
      );
      await watcher(server, stalls)('loss of a slot with all of them', async () => {
        // The higher epoch wins.
        for (let bump = 0; bump < 3; bump++) await rival.call('CLUSTER', 'BUMPEPOCH');
        await rival.call('CLUSTER', 'SETSLOT', slot, 'NODE', id);
        await untilHolds('the slot is gone', async () =>
          (await server.call('CLUSTER', 'COUNTKEYSINSLOT', slot)).startsWith(':0'),
        );
        await delay(2_000);
      });
    });
  });
}

async function withServerKept(use: (server: Server) => Promise<void>): Promise<string> {
  const server = await Server.start('trib');
  try {
    await use(server);
  } finally {
    await server.stop(true);
  }
  return server.folder;
}

type During = (what: string, act: () => Promise<unknown>) => Promise<unknown>;

function watcher(server: Server, stalls: Stalls): During {
  return async (what, act) => {
    await server.ask('reset');
    await act();
    add(stalls, what, (await server.ask('look')).longestDelayMs);
  };
}

async function fill(server: Server, keys: number, during: During, prefix?: string): Promise<void> {
  const client = await server.connect();
  await during(INSERTION, () => client.pipeline(stringKeys(keys, prefix)));
  client.close();
  await server.ask('collect');
}

function add(stalls: Stalls, what: string, ms: number): void {
  stalls.set(what, [...(stalls.get(what) ?? []), ms]);
}
