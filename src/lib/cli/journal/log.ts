/**
 * What a journal says, line by line. Each line is JSON with a sum over itself and all lines before it: a
 * line that was altered, taken out or put in is noticed. Only the very end may be torn: a machine that lost
 * its power in the middle of a write leaves half a line.
 */
import { createHash } from 'node:crypto';
import type { NodeAddress } from '../../cluster/model.js';
import type { ClusterPicture } from '../../cluster/picture.js';
import type { NodeId } from '../../kernel/node-id.js';
import type { SlotRange } from '../../kernel/ranges.js';
import {
  ShapeError,
  aBoolean,
  aRecord,
  aText,
  aWhole,
  aWord,
  anAmount,
  oneOfKind,
  shaped,
  type Shape,
} from '../../kernel/shape.js';
import type { Plan } from '../../plan/plan.js';
import { aNodeId, aPicture, aPlan, anAddress, someSlots } from '../../plan/plan-shape.js';
import type { BigKeyRule, MoveWay } from '../../execute/move/moving.js';

export const JOURNAL_VERSION = 1;

/** How a run moves: what the operator chose, so that whoever goes on with it goes on in the same way. */
export interface MovingChoices {
  readonly way: MoveWay;
  readonly migrateTimeoutMs: number;
  readonly batchKeysMax: number;
  readonly batchBytesMax: number;
  readonly windowSlots: number;
  readonly replace: boolean;
  readonly guardMs: number;
  readonly rate?: { readonly unit: 'keys' | 'bytes'; readonly perSecond: number };
  /** Not in journals of before it was kept. */
  readonly bigKeys?: Pick<BigKeyRule, 'limitBytes' | 'onBigKey'>;
}

/** A process at work on a run: the one that began it, and those that went on with it. */
export interface Sitting {
  /** Of a run that was never interrupted the same as the run's. */
  readonly id: string;
  readonly command: string;
  /** ISO 8601. */
  readonly started: string;
  readonly host: string;
  readonly pid: number;
  /** See `processMark`. */
  readonly process?: string;
}

export interface JournalHeader extends Sitting {
  readonly kind: 'trib-journal';
  readonly schemaVersion: typeof JOURNAL_VERSION;
  readonly entry: NodeAddress;
  readonly plan: Plan;
  readonly cluster: ClusterPicture;
  readonly moving: MovingChoices;
}

/**
 * `nothing`: it ended before anything was begun. `superseded`: another run has taken its place. The other
 * ones but `done` and `aborted` can be gone on with.
 */
export type Outcome = 'done' | 'nothing' | 'aborted' | 'superseded' | 'interrupted' | 'failed';

export interface MoveEntry {
  readonly kind: 'opening' | 'moved';
  readonly source: NodeId;
  readonly target: NodeId;
  readonly slots: readonly SlotRange[];
}

export type JournalEntry =
  | MoveEntry
  /** `moving` as it was chosen then; missing in older journals. */
  | ({ readonly kind: 'sitting'; readonly moving?: MovingChoices } & Sitting)
  /** Of a step that moves no slots: places in the plan, both from 0. */
  | { readonly kind: 'step-done'; readonly stage: number; readonly step: number }
  | { readonly kind: 'end'; readonly outcome: Outcome; readonly at: string };

export interface JournalLog {
  readonly header: JournalHeader;
  readonly entries: readonly JournalEntry[];
  /** The sum of the last whole line, and where that line ends. */
  readonly sum: string;
  readonly length: number;
}

const sittingFields = {
  id: aText,
  command: aText,
  started: aText,
  host: aText,
  pid: aWhole(0, Number.MAX_SAFE_INTEGER),
};
const aCount = aWhole(0, Number.MAX_SAFE_INTEGER);

const someChoices: Shape<MovingChoices> = aRecord(
  {
    way: aWord('auto', 'classic', 'atomic'),
    migrateTimeoutMs: anAmount,
    batchKeysMax: anAmount,
    batchBytesMax: anAmount,
    windowSlots: anAmount,
    replace: aBoolean,
    guardMs: anAmount,
  },
  {
    rate: aRecord({ unit: aWord('keys', 'bytes'), perSecond: anAmount }),
    bigKeys: aRecord({ limitBytes: aCount, onBigKey: aWord('move', 'skip', 'fail', 'ask') }),
  },
);

const aHeader: Shape<JournalHeader> = aRecord(
  {
    kind: aWord('trib-journal'),
    schemaVersion: (value, path) => aWhole(JOURNAL_VERSION, JOURNAL_VERSION)(value, path) as 1,
    ...sittingFields,
    entry: anAddress,
    plan: aPlan,
    cluster: aPicture,
    moving: someChoices,
  },
  { process: aText },
);

const aMove = <K extends 'opening' | 'moved'>(kind: K) =>
  aRecord({ kind: aWord(kind), source: aNodeId, target: aNodeId, slots: someSlots });

const anEntry: Shape<JournalEntry> = oneOfKind({
  opening: aMove('opening'),
  moved: aMove('moved'),
  sitting: aRecord(
    { kind: aWord('sitting'), ...sittingFields },
    { process: aText, moving: someChoices },
  ),
  'step-done': aRecord({ kind: aWord('step-done'), stage: aCount, step: aCount }),
  end: aRecord({
    kind: aWord('end'),
    outcome: aWord('done', 'nothing', 'aborted', 'superseded', 'interrupted', 'failed'),
    at: aText,
  }),
});

/** One line with its end, and the sum the next one goes on from. */
export function lineOf(
  entry: JournalHeader | JournalEntry,
  sumBefore: string,
): { readonly line: string; readonly sum: string } {
  const text = JSON.stringify(entry);
  const sum = sumOf(sumBefore, text);
  return { line: `{"sum":"${sum}",${text.slice(1)}\n`, sum };
}

function sumOf(before: string, text: string): string {
  return createHash('sha256').update(`${before}\n${text}`).digest('hex').slice(0, 16);
}

/** What is wrong with a journal: the rest of a sentence. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

/** @param bytes the whole file. @throws JournalError */
export function parseJournal(bytes: Buffer): JournalLog {
  const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
  const lines = whole.toString('utf8').split('\n').slice(0, -1);
  const [first, ...rest] = lines;
  if (first === undefined) throw new JournalError('it has not even a first line');
  let sum = '';
  const read = <T>(line: string, number: number, shape: Shape<T>): T => {
    const { value, next } = unsealed(line, number, sum);
    sum = next;
    try {
      return shaped(shape, value, `line ${number}`);
    } catch (error) {
      if (error instanceof ShapeError) throw new JournalError(error.message);
      throw error;
    }
  };
  const header = read(first, 1, aHeader);
  const entries = rest.map((line, index) => read(line, index + 2, anEntry));
  return { header, entries, sum, length: whole.length };
}

function unsealed(line: string, number: number, sumBefore: string) {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new JournalError(`line ${number} is no JSON`);
  }
  if (typeof value !== 'object' || value === null || !('sum' in value)) {
    throw new JournalError(`line ${number} is no line of a journal`);
  }
  const { sum, ...rest } = value;
  const next = sumOf(sumBefore, JSON.stringify(rest));
  if (sum !== next)
    throw new JournalError(`line ${number} was altered, or a line before it is gone`);
  return { value: rest, next };
}

/** The end of the last sitting; undefined while one is at work, or when it was killed. */
export function outcomeOf({ entries }: JournalLog): Outcome | undefined {
  const last = entries.at(-1);
  return last?.kind === 'end' ? last.outcome : undefined;
}

/** There is nothing to go on with. */
export function isFinished(log: JournalLog): boolean {
  const outcome = outcomeOf(log);
  return outcome !== undefined && outcome !== 'interrupted' && outcome !== 'failed';
}

/** What repairs a cluster is planned anew from what is there; going on with an old repair would be wrong. */
export function isReplanned({ header }: JournalLog): boolean {
  return REPLANNED.has(header.command);
}

export const REPLANNED: ReadonlySet<string> = new Set(['fix', 'orphans']);

/** Who has been at work last. */
export function lastSittingOf({ header, entries }: JournalLog): Sitting {
  return entries.findLast((entry) => entry.kind === 'sitting') ?? header;
}

/** How it moved last: what was typed when it was gone on with counts for the next time as well. */
export function lastChoicesOf({ header, entries }: JournalLog): MovingChoices {
  const sitting = entries.findLast((entry) => entry.kind === 'sitting' && entry.moving);
  return (sitting?.kind === 'sitting' ? sitting.moving : undefined) ?? header.moving;
}
