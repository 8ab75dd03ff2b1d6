/**
 * `npm run bench:admin`: the figures this project promises, measured beside the tool it replaces, in one
 * run on one machine. Prints a table; with --write also keeps it as JSON and in docs/benchmarks.md, beside
 * the figures of parts that were not run.
 *
 *   --only create,check,planners,cold-start,start-cluster    some of them (default: all)
 *   --sizes 6,30,120   clusters that `create` makes           --check-size 120
 *   --views 100,300,1000   views for the planners             --runs 5
 */
import { parseArgs } from 'node:util';
import { benchCheck } from './parts/check.js';
import { benchColdStart } from './parts/cold-start.js';
import { benchCreate } from './parts/create.js';
import { benchPlanners } from './parts/planners.js';
import { benchStartCluster } from './parts/start-cluster.js';
import { keep, measure, type Parts, report } from './support/record.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'start-cluster,cold-start,planners,check,create' },
    sizes: { type: 'string', default: '6,30,120' },
    'check-size': { type: 'string', default: '120' },
    views: { type: 'string', default: '100,300,1000' },
    runs: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
});

const numbers = (text: string): number[] => text.split(',').map(Number);
const runs = Number(values.runs);

const PARTS: Parts = {
  create: () => benchCreate(numbers(values.sizes), runs),
  check: () => benchCheck(Number(values['check-size']), runs),
  planners: () => benchPlanners(numbers(values.views), runs),
  'cold-start': () => benchColdStart(runs),
  'start-cluster': () => benchStartCluster(runs),
};

const figures = await measure(PARTS, values.only.split(','));
process.stdout.write(`\n${report(figures)}\n`);
if (values.write) {
  keep(figures, { json: 'benchmarks.json', mark: 'figures', comparedWith: 'redis-cli' });
}
