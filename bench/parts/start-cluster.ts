/** `startCluster()` of trib/testing: embedded nodes in one process, joined over TCP by MEET and gossip. */
import { runChild } from '../support/child.js';
import type { Figure } from '../support/measure.js';

interface Sample {
  readonly ms: number;
  readonly peakMb: number;
}

export async function benchStartCluster(runs: number): Promise<Figure[]> {
  const six = await sample(3, runs);
  const sixty = await sample(30, runs);
  return [
    {
      what: 'startCluster(), 6 nodes, all say ok',
      unit: 'ms',
      trib: six.map(({ ms }) => ms),
      wanted: { kind: 'below', limit: 300 },
    },
    {
      what: 'startCluster(), 60 nodes, all say ok',
      unit: 'ms',
      trib: sixty.map(({ ms }) => ms),
      wanted: { kind: 'below', limit: 5_000 },
    },
    {
      what: 'peak memory of 60 nodes in one process',
      unit: 'MB',
      trib: sixty.map(({ peakMb }) => peakMb),
      wanted: { kind: 'below', limit: 400 },
    },
  ];
}

async function sample(primaries: number, runs: number): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run++) {
    samples.push((await runChild('start-cluster', String(primaries), '1')) as Sample);
  }
  return samples;
}
