/** How the parts of an append-only file follow each other, and when it is time to write it anew. */
import type { AofManifest, AofPart } from '../../wire/aof-manifest.js';

/** Collects what is written while the first base of a new file is made; named in no manifest. */
export function pendingIncrementName(filename: string): string {
  return `temp-${filename}.incr`;
}

export function manifestName(filename: string): string {
  return `${filename}.manifest`;
}

/** The manifest with one more increment, which has a number higher than `last`, and that increment. */
export function withIncrement(
  manifest: AofManifest,
  filename: string,
  last: number,
): { readonly manifest: AofManifest; readonly part: AofPart } {
  const sequence = Math.max(last, lastIncrement(manifest)) + 1;
  const part = { name: `${filename}.${sequence}.incr.aof`, sequence };
  return { part, manifest: { ...manifest, increments: [...manifest.increments, part] } };
}

/** History counts: a file that goes only now must not take a new one of its name with it. */
export function lastIncrement({ history, increments }: AofManifest): number {
  return Math.max(0, ...[...history, ...increments].map(({ sequence }) => sequence));
}

export function nextBase(manifest: AofManifest, filename: string, isRdb: boolean): AofPart {
  const sequence = (manifest.base?.sequence ?? 0) + 1;
  return { name: `${filename}.${sequence}.base.${isRdb ? 'rdb' : 'aof'}`, sequence };
}

/**
 * The manifest after a rewrite. What the base was made of is history, but for the last increment while it
 * is written to: that one began when the base was begun.
 */
export function rewritten(manifest: AofManifest, base: AofPart, keepsLast: boolean): AofManifest {
  const kept = keepsLast ? manifest.increments.slice(-1) : [];
  const old = manifest.increments.slice(0, manifest.increments.length - kept.length);
  const oldBase = manifest.base === undefined ? [] : [manifest.base];
  return { base, history: [...manifest.history, ...oldBase, ...old], increments: kept };
}

/** All parts that hold data, in the order they are read. */
export function partsOf({ base, increments }: AofManifest): readonly AofPart[] {
  return base === undefined ? increments : [base, ...increments];
}

export interface Growth {
  readonly currentBytes: number;
  /** As it was after the last rewrite. */
  readonly baseBytes: number;
  readonly percentage: number;
  readonly minBytes: number;
}

/** By how many percent it has grown, if that is enough; a percentage of 0 never is. */
export function dueGrowth({
  currentBytes,
  baseBytes,
  percentage,
  minBytes,
}: Growth): number | undefined {
  if (percentage === 0 || currentBytes <= minBytes) return undefined;
  const growth = Math.floor((currentBytes * 100) / Math.max(1, baseBytes)) - 100;
  return growth >= percentage ? growth : undefined;
}

const FAILURES_BEFORE_LIMIT = 3;
const LIMIT_MINUTES_MAX = 60;

/** Minutes to leave between attempts when so many have failed in a row: each leaves a file behind. */
export function retryMinutes(failuresInRow: number): number {
  if (failuresInRow < FAILURES_BEFORE_LIMIT) return 0;
  return Math.min(LIMIT_MINUTES_MAX, 2 ** (failuresInRow - FAILURES_BEFORE_LIMIT));
}
