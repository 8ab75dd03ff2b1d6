/**
 * One move of slots from one node to another, as one of the two sees it. The source makes a picture of the
 * slots' keys and sends it, then what is written meanwhile; when little is left to send it holds writes to
 * these slots, and the target takes them over. Which of the two ordered it, and what a phase is called in
 * public, depends on the persona; how it goes does not.
 */
import type { SlotRange } from '../../../kernel/ranges.js';

export type Phase =
  /** We ordered it: a connection is being made, then the other side is asked. */
  | 'dialing'
  | 'proposing'
  /** Source: agreed, the picture has not begun. */
  | 'waiting'
  | 'copying'
  /** The picture is through; writes travel as they come. */
  | 'following'
  /** Source: writes are held; the target may take over. */
  | 'holding'
  /** Target. */
  | 'receiving'
  /** A replica of the target looks on. */
  | 'watching'
  | 'done'
  | 'failed'
  | 'cancelled';

export interface TransferJob {
  /** 40 hex digits, the same on both sides. */
  readonly id: string;
  readonly way: 'export' | 'import';
  readonly ranges: readonly SlotRange[];
  sourceId: string;
  readonly targetId: string;
  /** By a command here; the other side has it from us. */
  readonly isOrdered: boolean;
  readonly createdMs: number;
  /** Somebody else's, our primary's: we look on. */
  readonly isWatched: boolean;
  phase: Phase;
  /** Why it failed, in a sentence. */
  message: string;
  startedMs: number | undefined;
  updatedMs: number;
  endedMs: number | undefined;
  /** The last sign of life of the other side. */
  heardMs: number;
  /** When writes were held, and until when nobody else may write: from then on the target may not take over. */
  heldMs: number | undefined;
  /** Source: when the target was asked, after that time, how things stand. */
  probedMs: number | undefined;
  retries: number;
  retryAtMs: number | undefined;
  /** Target: when replicas were last told of it. */
  toldMs: number;
  /** Target: what it confirmed lately, and when, for the length of the source's pause. */
  confirmed: { readonly bytes: number; readonly atMs: number }[];
}

export function newJob(
  facts: Pick<
    TransferJob,
    'id' | 'way' | 'ranges' | 'sourceId' | 'targetId' | 'isOrdered' | 'createdMs' | 'phase'
  >,
): TransferJob {
  return {
    ...facts,
    isWatched: facts.phase === 'watching',
    message: '',
    startedMs: undefined,
    updatedMs: facts.createdMs,
    endedMs: undefined,
    heardMs: facts.createdMs,
    heldMs: undefined,
    probedMs: undefined,
    retries: 0,
    retryAtMs: undefined,
    toldMs: facts.createdMs,
    confirmed: [],
  };
}

const OVER: ReadonlySet<Phase> = new Set(['done', 'failed', 'cancelled']);

/** It goes on; one that waits for its next try does not. */
export const isActive = ({ phase }: TransferJob): boolean => !OVER.has(phase);

/** Nothing will become of it any more. */
export const isFinal = (job: TransferJob): boolean =>
  OVER.has(job.phase) && job.retryAtMs === undefined;

export const covers = (ranges: readonly SlotRange[], slot: number): boolean =>
  ranges.some(({ first, last }) => slot >= first && slot <= last);

export const overlap = (one: SlotRange, other: SlotRange): boolean =>
  one.first <= other.last && other.first <= one.last;

/** `0-5 9-9`: as both servers write them. */
export const rangesText = (ranges: readonly SlotRange[]): string =>
  ranges.map(({ first, last }) => `${first}-${last}`).join(' ');

/** As words of a command. */
export const rangeWords = (ranges: readonly SlotRange[]): readonly string[] =>
  ranges.flatMap(({ first, last }) => [String(first), String(last)]);
