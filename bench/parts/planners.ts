/** Diagnosis and planners on views of 100 to 1000 nodes that exist only as text. */
import { runChild } from '../support/child.js';
import type { Figure, Wanted } from '../support/measure.js';

interface Sample {
  readonly parseMs: number;
  readonly planMs: Readonly<Record<string, number>>;
  readonly peakMb: number;
}

const LARGEST = 1000;

export async function benchPlanners(sizes: readonly number[], runs: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of sizes) {
    const samples: Sample[] = [];
    for (let run = 0; run < runs; run++) {
      samples.push((await runChild('planners', String(size))) as Sample);
    }
    const wanted = (limit: number): Wanted =>
      size === LARGEST ? { kind: 'below', limit } : { kind: 'shown' };
    figures.push(
      {
        what: `parse ${size} replies of ${size} lines`,
        unit: 'ms',
        trib: samples.map(({ parseMs }) => parseMs),
        wanted: { kind: 'shown' },
      },
      {
        what: `diagnose and every planner, ${size} nodes`,
        unit: 'ms',
        trib: samples.map(({ planMs }) => Object.values(planMs).reduce((sum, ms) => sum + ms, 0)),
        wanted: wanted(3_000),
      },
      {
        what: `peak memory for that, ${size} nodes`,
        unit: 'MB',
        trib: samples.map(({ peakMb }) => peakMb),
        wanted: wanted(1_024),
      },
    );
  }
  return figures;
}
