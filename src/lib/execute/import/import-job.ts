/** What an import is given, and what it counts. */
import type { ClusterView, NodeAddress } from '../../cluster/model.js';
import type { ImportPlan } from '../../plan/plan-import.js';
import type { Links } from '../links.js';

export interface ImportJob {
  readonly plan: ImportPlan;
  /** The cluster the plan was made for. */
  readonly view: ClusterView;
  /** Links with the source's login and TLS; the cluster has others. */
  readonly source: {
    readonly links: Links;
    readonly address: NodeAddress;
    readonly version: string | undefined;
  };
  readonly copy: boolean;
  readonly replace: boolean;
  /** MIGRATE's timeout: how long source and target may be idle towards each other, in milliseconds. */
  readonly timeoutMs: number;
  /** Compare every n-th key with what arrived; undefined: none. */
  readonly verifyEvery: number | undefined;
  readonly batchKeysMax: number;
  /** Bytes of one batch at most, by MEMORY USAGE; a key larger than this travels alone. */
  readonly batchBytesMax: number;
  /** What the source says to the targets; never shown. */
  readonly login?:
    { readonly username?: string | undefined; readonly password: string } | undefined;
}

/** A key with the database it stands in; latin1. */
export interface SourceKey {
  readonly key: string;
  readonly database: number;
}

export interface KeyBatch {
  readonly database: number;
  /** latin1 */
  readonly keys: readonly string[];
  readonly bytes: number;
}

/** What became of the keys of a batch. */
export interface Outcome {
  readonly carried: number;
  /** The cluster had them already, with the same value. */
  readonly alreadyThere: number;
  /** Expired or deleted before they were taken. */
  readonly gone: number;
  /** The cluster has another value under that name. */
  readonly conflicts: readonly string[];
  /** The target does not own their slot any more, or does not answer. */
  readonly astray: readonly string[];
}

export interface ImportTally {
  carried: number;
  alreadyThere: number;
  gone: number;
  conflicts: number;
  /** At the source, after a move: conflicts, and keys written since they were listed. */
  remaining: number;
  verified: number;
  differing: number;
  /** The first of those that could not be taken, or differ. */
  readonly conflictKeys: SourceKey[];
  readonly differingKeys: SourceKey[];
}

/** So many keys are named. */
const NAMED_MAX = 10;

export function emptyTally(): ImportTally {
  return {
    ...{
      carried: 0,
      alreadyThere: 0,
      gone: 0,
      conflicts: 0,
      remaining: 0,
      verified: 0,
      differing: 0,
    },
    ...{ conflictKeys: [], differingKeys: [] },
  };
}

export function addOutcome(tally: ImportTally, outcome: Outcome, database: number): void {
  tally.carried += outcome.carried;
  tally.alreadyThere += outcome.alreadyThere;
  tally.gone += outcome.gone;
  tally.conflicts += outcome.conflicts.length;
  nameKeys(tally.conflictKeys, outcome.conflicts, database);
}

export function nameKeys(named: SourceKey[], keys: readonly string[], database: number): void {
  for (const key of keys) if (named.length < NAMED_MAX) named.push({ key, database });
}

export function handledIn(tally: ImportTally): number {
  return tally.carried + tally.alreadyThere + tally.gone + tally.conflicts;
}

/** Enough for a server that works at 10 MiB/s, the slowest that was met. */
const BYTES_PER_MS = 10_485;

/** How long a server may need for so many bytes, on top of its patience. */
export function workMs(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_MS);
}
