/** What a key costs: growth of the process over a million keys of 16 bytes with values of 100. */
import type { Figure } from '../support/measure.js';
import { stringKeys } from '../support/raw-client.js';
import { type Kind, withServer } from '../support/server.js';

export async function benchMemory(keys: number, runs: number): Promise<Figure[]> {
  const samples: Record<Kind, number[]> = { trib: [], 'redis-server': [] };
  for (let run = 0; run < runs; run++) {
    for (const kind of ['trib', 'redis-server'] as const) {
      samples[kind].push(await bytesPerKey(kind, keys));
    }
  }
  return [
    {
      what: `memory per key, ${keys} keys with values of 100 bytes`,
      unit: 'bytes',
      trib: samples.trib,
      other: { name: 'redis-server', samples: samples['redis-server'] },
      wanted: { kind: 'times as long', factor: 2.5 },
    },
  ];
}

function bytesPerKey(kind: Kind, keys: number): Promise<number> {
  return withServer(kind, {}, async (server) => {
    const before = await server.rssBytes();
    const client = await server.connect();
    await client.pipeline(stringKeys(keys));
    client.close();
    return ((await server.rssBytes()) - before) / keys;
  });
}
