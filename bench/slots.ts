/**
 * `npm run bench:slots`: slots of real clusters moved by trib and by redis-cli (and by redis-trib.rb where the
 * variable REDIS_TRIB points to a working one), each on a fresh cluster, in turns, in one run; every key is
 * counted afterwards. Prints a table; with --write also keeps it as JSON and in docs/benchmarks.md, beside
 * the figures of parts that were not run.
 *
 *   --only reshard,far,guard,big-key,rebalance,fix    some of them (default: all)
 *   --runs 3
 */
import { parseArgs } from 'node:util';
import { benchFix } from './parts/slots-fix.js';
import { benchBigKey, benchGuard } from './parts/slots-guard.js';
import { benchRebalance } from './parts/slots-rebalance.js';
import { benchFarReshard, benchReshard } from './parts/slots-reshard.js';
import { keep, measure, type Parts, report } from './support/record.js';
import { useFreshStateFolder } from './support/trib.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'reshard,far,guard,big-key,rebalance,fix' },
    runs: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});

const runs = Number(values.runs);
useFreshStateFolder();

const PARTS: Parts = {
  reshard: () => benchReshard(600_000, runs),
  far: () => benchFarReshard(100_000, runs),
  guard: () => benchGuard(600_000, runs),
  'big-key': () => benchBigKey(5_000_000),
  rebalance: () => benchRebalance(1_000_000, runs),
  fix: () => benchFix(600_000, runs),
};

const figures = await measure(PARTS, values.only.split(','));
process.stdout.write(`\n${report(figures)}\n`);
if (values.write) {
  keep(figures, {
    json: 'benchmarks-slots.json',
    mark: 'figures of the slots',
    comparedWith: 'redis-server',
  });
}
