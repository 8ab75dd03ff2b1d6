/**
 * `npm run bench:admin`: the figures this project promises, measured beside the tool it replaces, in one
 * run on one machine. Prints a table; with --write also keeps it as JSON and in docs/benchmarks.md.
 *
 *   --only create,check,planners,cold-start,start-cluster    some of them (default: all)
 *   --sizes 6,30,120   clusters that `create` makes           --check-size 120
 *   --views 100,300,1000   views for the planners             --runs 5
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchCheck } from './parts/check.js';
import { benchColdStart } from './parts/cold-start.js';
import { benchCreate } from './parts/create.js';
import { benchPlanners } from './parts/planners.js';
import { benchStartCluster } from './parts/start-cluster.js';
import type { Figure } from './support/measure.js';
import { machineClass, tableOf } from './support/table.js';

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

const PARTS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  create: () => benchCreate(numbers(values.sizes), runs),
  check: () => benchCheck(Number(values['check-size']), runs),
  planners: () => benchPlanners(numbers(values.views), runs),
  'cold-start': () => benchColdStart(runs),
  'start-cluster': () => benchStartCluster(runs),
};

const figures: Figure[] = [];
for (const name of values.only.split(',')) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`no part "${name}": ${Object.keys(PARTS).join(', ')}`);
  process.stderr.write(`${name}…\n`);
  figures.push(...(await part()));
}
const table = tableOf(figures);
process.stdout.write(`\n${table}\n`);
if (values.write) keep(table);

function keep(text: string): void {
  const date = new Date().toISOString().slice(0, 10);
  const compared = execFileSync('redis-cli', ['--version'], { encoding: 'utf8' }).trim();
  const about = { date, machine: machineClass(), compared, runs };
  const json = fileURLToPath(new URL('../docs/benchmarks.json', import.meta.url));
  writeFileSync(
    json,
    `${JSON.stringify({ ...about, figures: figures.map(rounded) }, undefined, 1)}\n`,
  );
  const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
  const [before = '', after = ''] = readFileSync(page, 'utf8').split(
    /<!-- figures -->[^]*<!-- end of figures -->/,
  );
  const heading = `${date}; ${about.machine}; compared with ${compared}; medians of ${runs}.`;
  writeFileSync(
    page,
    `${before}<!-- figures -->\n\n${heading}\n\n${text}\n\n<!-- end of figures -->${after}`,
  );
}

function rounded(figure: Figure): Figure {
  const tenths = (samples: readonly number[]): number[] =>
    samples.map((sample) => Math.round(sample * 10) / 10);
  const { other } = figure;
  return {
    ...figure,
    trib: tenths(figure.trib),
    ...(other === undefined ? {} : { other: { ...other, samples: tenths(other.samples) } }),
  };
}
