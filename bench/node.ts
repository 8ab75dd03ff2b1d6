/**
 * `npm run bench:node`: the embedded node beside redis-server, in one run on one machine, in turns. Prints a
 * table; with --write also keeps it as JSON and in docs/benchmarks.md, beside the figures of parts that were
 * not run.
 *
 *   --only throughput,memory,six-nodes,stalls,sync,failover    some of them (default: all)
 *   --requests 100000   per test without pipeline             --keys 1000000
 *   --runs 3
 */
import { parseArgs } from 'node:util';
import { benchFailover } from './parts/node-failover.js';
import { benchMemory } from './parts/node-memory.js';
import { benchSixNodes } from './parts/node-six.js';
import { benchStalls } from './parts/node-stalls.js';
import { benchSync } from './parts/node-sync.js';
import { benchThroughput } from './parts/node-throughput.js';
import { keep, measure, type Parts, report } from './support/record.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'memory,stalls,sync,failover,six-nodes,throughput' },
    requests: { type: 'string', default: '100000' },
    keys: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});

const runs = Number(values.runs);
const keys = Number(values.keys);

const PARTS: Parts = {
  throughput: () => benchThroughput(Number(values.requests), runs),
  memory: () => benchMemory(keys, runs),
  'six-nodes': () => benchSixNodes(Number(values.requests), runs),
  stalls: () => benchStalls(keys, runs),
  sync: () => benchSync(keys, runs),
  failover: () => benchFailover(runs),
};

const figures = await measure(PARTS, values.only.split(','));
process.stdout.write(`\n${report(figures)}\n`);
if (values.write) {
  keep(figures, {
    json: 'benchmarks-node.json',
    mark: 'figures of the node',
    comparedWith: 'redis-server',
  });
}
