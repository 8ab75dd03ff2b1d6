/**
 * How long a node with a million keys stands still at most while it does what concerns all of them. Nobody is
 * served meanwhile, so this is what clients feel. While idle, too: what the machine adds of its own accord. And
 * beside each how long the node itself was at work at one stretch: the part that is its own fault, and the same
 * on a crowded machine.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Figure } from '../support/measure.js';
import { stringKeys } from '../support/raw-client.js';
import { type ProbeAnswer, Server, withServer } from '../support/server.js';
import { untilHolds, untilInfo } from '../support/until.js';

const LONGEST_MS = 100;

interface Samples {
  readonly stalls: number[];
  /** Empty where the system does not say. */
  readonly runs: number[];
}

type Stalls = Map<string, Samples>;

export async function benchStalls(keys: number, runs: number): Promise<Figure[]> {
  const stalls: Stalls = new Map();
  for (let run = 0; run < runs; run++) {
    await standalone(keys, stalls);
    await inCluster(keys, stalls);
  }
  return [...stalls].flatMap(([what, samples]) =>
    figuresOf(`${keys} keys: ${what}`, what, samples),
  );
}

function figuresOf(title: string, what: string, { stalls, runs }: Samples): Figure[] {
  const isShown = what === IDLE || what === INSERTION;
  const stall: Figure = {
    what: `longest stall, ${title}`,
    unit: 'ms',
    trib: stalls,
    wanted: isShown ? { kind: 'shown' } : { kind: 'below', limit: LONGEST_MS },
    limitedBy: LIMITED_BY,
  };
  if (runs.length === 0) return [stall];
  const run: Figure = {
    what: `longest stretch of its own work, ${title}`,
    unit: 'ms',
    trib: runs,
    wanted: { kind: 'shown' },
  };
  return [stall, run];
}

const IDLE = 'idle for two seconds';
const INSERTION = 'their insertion';
/** There is an `async_loading`, too, which is always 0. */
const LOADED = /^loading:0/m;
const LIMITED_BY =
  'Compare with the row of its own work, and with the idle one: what is more than that, a crowded machine took the processor away for. See the notes.';

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
    await during('loading', () => untilInfo(server, 'persistence', LOADED));
    await during('FLUSHALL', async () => {
      const reply = await server.call('FLUSHALL');
      if (!reply.startsWith('+OK')) throw new Error(`FLUSHALL was answered with ${reply}`);
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
    add(stalls, what, await server.ask('look'));
  };
}

async function fill(server: Server, keys: number, during: During, prefix?: string): Promise<void> {
  const client = await server.connect();
  await during(INSERTION, () => client.pipeline(stringKeys(keys, prefix)));
  client.close();
  await server.ask('collect');
}

function add(stalls: Stalls, what: string, answer: ProbeAnswer): void {
  const samples = stalls.get(what) ?? { stalls: [], runs: [] };
  stalls.set(what, samples);
  samples.stalls.push(answer.longestDelayMs);
  if (answer.longestRunMs !== undefined) samples.runs.push(answer.longestRunMs);
}
