/** Figures: samples in, medians and a verdict out. */
import { spawn } from 'node:child_process';

/** One line of the table. Times in ms, memory in MB, as `unit` says. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly trib: readonly number[];
  /** The tool compared with, and its samples from the same run. */
  readonly other?: { readonly name: string; readonly samples: readonly number[] };
  readonly wanted: Wanted;
  /** Where the time goes: printed where the goal is not reached. */
  readonly limitedBy?: string;
  /** Filled in for figures that are kept: how busy the machine was. */
  readonly load?: number;
}

export type Wanted =
  /** Ours at most this much. */
  | { readonly kind: 'below'; readonly limit: number }
  /** Theirs at least this many times ours. */
  | { readonly kind: 'times faster'; readonly factor: number }
  /** Ours at most this many times theirs. */
  | { readonly kind: 'times as long'; readonly factor: number }
  /** Ours at least this much. */
  | { readonly kind: 'above'; readonly limit: number }
  /** Ours at least this share of theirs; more is better. */
  | { readonly kind: 'share'; readonly least: number }
  /** Shown for comparison only; a ratio of more than one is in our favour. */
  | { readonly kind: 'rate' }
  /** Shown for comparison only. */
  | { readonly kind: 'shown' };

export interface Verdict {
  readonly trib: number;
  readonly other: number | undefined;
  readonly isReached: boolean | undefined;
  readonly wanted: string;
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function verdictOn(figure: Figure): Verdict {
  const { wanted, unit } = figure;
  const trib = median(figure.trib);
  const other = figure.other === undefined ? undefined : median(figure.other.samples);
  switch (wanted.kind) {
    case 'below':
      return { trib, other, isReached: trib <= wanted.limit, wanted: `≤ ${wanted.limit} ${unit}` };
    case 'above':
      return { trib, other, isReached: trib >= wanted.limit, wanted: `≥ ${wanted.limit} ${unit}` };
    case 'share':
      return {
        trib,
        other,
        isReached: other !== undefined && trib / other >= wanted.least,
        wanted: `≥ ${wanted.least}x`,
      };
    case 'rate':
      return { trib, other, isReached: undefined, wanted: '' };
    case 'times faster':
      return {
        trib,
        other,
        isReached: other !== undefined && other / trib >= wanted.factor,
        wanted: `${wanted.factor}x faster`,
      };
    case 'times as long':
      return {
        trib,
        other,
        isReached: other !== undefined && trib / other <= wanted.factor,
        wanted: `≤ ${wanted.factor}x`,
      };
    case 'shown':
      return { trib, other, isReached: undefined, wanted: '' };
  }
}

export interface ProgramRun {
  readonly ms: number;
  readonly status: number;
  readonly output: string;
}

/** How long a program takes from its start to its end. Answers "yes" to any question. */
export function timeProgram(file: string, args: readonly string[]): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end();
    child.once('error', reject);
    child.once('close', (status) =>
      resolve({ ms: performance.now() - startedAt, status: status ?? 1, output }),
    );
  });
}

/** As `timeProgram`; a failed program has no time. */
export async function timeSuccess(file: string, args: readonly string[]): Promise<number> {
  const run = await timeProgram(file, args);
  if (run.status !== 0) {
    throw new Error(`${file} ${args.join(' ')} ended with ${run.status}:\n${run.output}`);
  }
  return run.ms;
}
