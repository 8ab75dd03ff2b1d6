/**
 * Six nodes of one process while redis-benchmark loads their cluster: none may take another for dead. A node
 * is suspected when it has been silent for the node timeout, so a stall of that length would show.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Figure, timeSuccess } from '../support/measure.js';
import { RawClient } from '../support/raw-client.js';
import type { ProbeAnswer } from '../support/server.js';

const NODE_TIMEOUT_MS = 1000;
const LOOK_EVERY_MS = 50;
const HOST = '127.0.0.1';
const CHILD = fileURLToPath(new URL('../children/six-nodes.ts', import.meta.url));

export async function benchSixNodes(requests: number, runs: number): Promise<Figure[]> {
  const suspicions: number[] = [];
  const delays99: number[] = [];
  const longest: number[] = [];
  for (let run = 0; run < runs; run++) {
    const sample = await underLoad(requests);
    suspicions.push(sample.suspicions);
    delays99.push(sample.delay99Ms);
    longest.push(sample.longestDelayMs);
  }
  const load = `six nodes in one process, under load`;
  return [
    {
      what: `looks that found a node suspected (PFAIL), timeout ${NODE_TIMEOUT_MS} ms; ${load}`,
      unit: '',
      trib: suspicions,
      wanted: { kind: 'below', limit: 0 },
    },
    {
      what: `event loop delay, 99 % below; ${load}`,
      unit: 'ms',
      trib: delays99,
      wanted: { kind: 'shown' },
    },
    {
      what: `event loop delay, longest; ${load}`,
      unit: 'ms',
      trib: longest,
      wanted: { kind: 'shown' },
    },
  ];
}

async function underLoad(
  requests: number,
): Promise<Omit<ProbeAnswer, 'rssBytes'> & { readonly suspicions: number }> {
  const child = fork(CHILD, [String(NODE_TIMEOUT_MS)], { execArgv: ['--import', 'tsx'] });
  try {
    const [ports] = (await once(child, 'message')) as [readonly number[]];
    const watch = watchSuspicions(ports);
    for (const pipeline of ['1', '16']) {
      const shape = ['-c', '50', '-P', pipeline, '-n', String(requests), '-r', '100000'];
      await timeSuccess('redis-benchmark', [
        ...['--cluster', '-p', String(ports[0]), '-q', '-t', 'set,get,incr', ...shape],
      ]);
    }
    const suspicions = await watch.end();
    child.send('end');
    const [delays] = (await once(child, 'message')) as [Omit<ProbeAnswer, 'rssBytes'>];
    return { ...delays, suspicions };
  } finally {
    child.kill('SIGKILL');
  }
}

function watchSuspicions(ports: readonly number[]): { end: () => Promise<number> } {
  let found = 0;
  const state = { isOver: false };
  const watching = (async (): Promise<void> => {
    const clients = await Promise.all(ports.map((port) => RawClient.open(HOST, port)));
    while (!state.isOver) {
      const views = await Promise.all(clients.map((client) => client.call('CLUSTER', 'NODES')));
      found += views.filter((view) => /\bfail\??\b/.test(view)).length;
      await delay(LOOK_EVERY_MS);
    }
    for (const client of clients) client.close();
  })();
  return {
    end: async () => {
      state.isOver = true;
      await watching;
      return found;
    },
  };
}
