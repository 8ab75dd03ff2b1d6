/**
 * `npm run bench:admin`: the figures this project promises, measured beside the tool it replaces, in one
 * run on one machine. Prints a table; with --write also keeps it as JSON and in docs/benchmarks.md, beside
 * the figures of parts that were not run.
 *
 *   --only create,check,planners,cold-start,start-cluster    some of them (default: all)
 *   --sizes 6,30,120   clusters that `create` makes           --check-size 120
 *   --views 100,300,1000   views for the planners             --runs 5
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchCheck } from './parts/check.js';
import { benchColdStart } from './parts/cold-start.js';
import { benchCreate } from './parts/create.js';
import { benchPlanners } from './parts/planners.js';
import { benchStartCluster } from './parts/start-cluster.js';
import type { Figure } from './support/measure.js';
import { machineClass, shortfalls, tableOf } from './support/table.js';

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

/** What is kept of a figure: when it was measured, and how busy the machine was with other things. */
interface Kept extends Figure {
  readonly date: string;
  /** Runnable processes per core, over the minute before this part began. */
  readonly load: number;
}

const date = new Date().toISOString().slice(0, 10);
const figures: Kept[] = [];
for (const name of values.only.split(',')) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`no part "${name}": ${Object.keys(PARTS).join(', ')}`);
  process.stderr.write(`${name}…\n`);
  const load = Math.round((loadavg()[0]! / cpus().length) * 10) / 10;
  figures.push(...(await part()).map((figure) => ({ ...rounded(figure), date, load })));
}
process.stdout.write(`\n${report(figures)}\n`);
if (values.write) keep();

function keep(): void {
  const compared = execFileSync('redis-cli', ['--version'], { encoding: 'utf8' }).trim();
  const about = { date, machine: machineClass(), compared };
  const json = fileURLToPath(new URL('../docs/benchmarks.json', import.meta.url));
  const all = merged(existsSync(json) ? readKept(json) : []);
  writeFileSync(json, `${JSON.stringify({ ...about, figures: all }, undefined, 1)}\n`);
  const page = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
  const [before = '', after = ''] = readFileSync(page, 'utf8').split(
    /<!-- figures -->[^]*<!-- end of figures -->/,
  );
  const heading = `${date}; ${about.machine}; compared with ${compared}; medians.`;
  writeFileSync(
    page,
    `${before}<!-- figures -->\n\n${heading}\n\n${report(all)}\n\n<!-- end of figures -->${after}`,
  );
}

function readKept(path: string): readonly Kept[] {
  return (JSON.parse(readFileSync(path, 'utf8')) as { figures: readonly Kept[] }).figures;
}

/** In the place of what was kept before, and new ones behind. */
function merged(before: readonly Kept[]): readonly Kept[] {
  const fresh = new Map(figures.map((figure) => [figure.what, figure]));
  const all = before.map((old) => fresh.get(old.what) ?? old);
  const known = new Set(before.map(({ what }) => what));
  return [...all, ...figures.filter(({ what }) => !known.has(what))];
}

function report(all: readonly Kept[]): string {
  return [tableOf(all), shortfalls(all)].filter((text) => text !== '').join('\n\n');
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
