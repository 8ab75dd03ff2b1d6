/**
 * Where figures are kept: as JSON with every sample, and as a table in docs/benchmarks.md, beside the figures
 * of parts that were not run.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Figure } from './measure.js';
import { machineClass, shortfalls, tableOf } from './table.js';

/** What is kept of a figure: when it was measured, and how busy the machine was with other things. */
export interface Kept extends Figure {
  readonly date: string;
  /** Runnable processes per core, over the minute before this part began. */
  readonly load: number;
}

export interface Place {
  /** In docs/. */
  readonly json: string;
  /** The table stands between two comments with this word. */
  readonly mark: string;
  /** Says its version when asked with --version. */
  readonly comparedWith: string;
}

export type Parts = Readonly<Record<string, () => Promise<Figure[]>>>;

const today = (): string => new Date().toISOString().slice(0, 10);

/** Runs the parts of these names, one after the other. */
export async function measure(parts: Parts, names: readonly string[]): Promise<Kept[]> {
  const figures: Kept[] = [];
  const date = today();
  for (const name of names) {
    const part = parts[name];
    if (part === undefined) throw new Error(`no part "${name}": ${Object.keys(parts).join(', ')}`);
    process.stderr.write(`${name}…\n`);
    const load = Math.round((loadavg()[0]! / cpus().length) * 10) / 10;
    figures.push(...(await part()).map((figure) => ({ ...rounded(figure), date, load })));
  }
  return figures;
}

export function report(all: readonly Kept[]): string {
  return [tableOf(all), shortfalls(all)].filter((text) => text !== '').join('\n\n');
}

export function keep(figures: readonly Kept[], { json, mark, comparedWith }: Place): void {
  const compared = execFileSync(comparedWith, ['--version'], { encoding: 'utf8' })
    .trim()
    .replace(/^Redis server v=(\S+).*$/, 'redis-server $1');
  const date = today();
  const about = { date, machine: machineClass(), compared };
  const path = inDocs(json);
  const all = merged(existsSync(path) ? readKept(path) : [], figures);
  writeFileSync(path, `${JSON.stringify({ ...about, figures: all }, undefined, 1)}\n`);
  const page = inDocs('benchmarks.md');
  const [begin, end] = [`<!-- ${mark} -->`, `<!-- end of ${mark} -->`];
  const [before = '', rest = ''] = readFileSync(page, 'utf8').split(begin);
  const after = rest.split(end)[1] ?? '';
  const heading = `${date}; ${about.machine}; compared with ${compared}; medians.`;
  writeFileSync(page, `${before}${begin}\n\n${heading}\n\n${report(all)}\n\n${end}${after}`);
}

function inDocs(name: string): string {
  return fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
}

function readKept(path: string): readonly Kept[] {
  return (JSON.parse(readFileSync(path, 'utf8')) as { figures: readonly Kept[] }).figures;
}

/** In the place of what was kept before, and new ones behind. */
function merged(before: readonly Kept[], figures: readonly Kept[]): readonly Kept[] {
  const fresh = new Map(figures.map((figure) => [figure.what, figure]));
  const all = before.map((old) => fresh.get(old.what) ?? old);
  const known = new Set(before.map(({ what }) => what));
  return [...all, ...figures.filter(({ what }) => !known.has(what))];
}

function rounded(figure: Figure): Figure {
  // Ratios need more digits than times do.
  const scale = figure.unit === 'x' ? 1000 : 10;
  const round = (samples: readonly number[]): number[] =>
    samples.map((sample) => Math.round(sample * scale) / scale);
  const { other } = figure;
  return {
    ...figure,
    trib: round(figure.trib),
    ...(other === undefined ? {} : { other: { ...other, samples: round(other.samples) } }),
  };
}
