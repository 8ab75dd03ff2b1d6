/** `create`, from the first word typed to a cluster that is whole on every node, on fresh real servers. */
import { formatAddress } from '../../src/lib/cluster/address.js';
import type { Figure } from '../support/measure.js';
import { timeSuccess } from '../support/measure.js';
import { startFreshServers, waitWhole } from '../support/real-cluster.js';
import { TRIB } from '../support/trib.js';

/** Nodes, and how many times faster than redis-cli is wanted. */
const WANTED: ReadonlyMap<number, number> = new Map([
  [6, 3],
  [30, 10],
  [120, 10],
]);

const TOOLS = {
  trib: (addresses: readonly string[]) =>
    [process.execPath, [TRIB, 'create', ...addresses, '--replicas', '1', '--yes']] as const,
  'redis-cli': (addresses: readonly string[]) =>
    [
      'redis-cli',
      ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes'],
    ] as const,
};

export async function benchCreate(sizes: readonly number[], runs: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of sizes) {
    const samples = { trib: [] as number[], 'redis-cli': [] as number[] };
    for (let run = 0; run < runs; run++) {
      for (const tool of ['trib', 'redis-cli'] as const) {
        samples[tool].push(await timeCreate(tool, size));
      }
    }
    figures.push({
      what: `create of ${size} nodes, whole on every node`,
      unit: 'ms',
      trib: samples.trib,
      other: { name: 'redis-cli', samples: samples['redis-cli'] },
      wanted: { kind: 'times faster', factor: WANTED.get(size) ?? 10 },
      limitedBy:
        'Nearly all of it is waiting for the servers, which compete for these few cores while everyone shakes hands with everyone.',
    });
  }
  return figures;
}

async function timeCreate(tool: keyof typeof TOOLS, size: number): Promise<number> {
  const servers = await startFreshServers(size);
  try {
    const [file, args] = TOOLS[tool](servers.addresses.map(formatAddress));
    const startedAt = performance.now();
    await timeSuccess(file, args);
    await waitWhole(servers.addresses[0]!, size);
    return performance.now() - startedAt;
  } finally {
    await servers.stop();
  }
}
