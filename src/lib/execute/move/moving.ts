/**
 * How slots are to be moved: what the commands let an operator choose, and the journal that remembers
 * which slots may be open. Data and two interfaces; `moveSlots` does it.
 */
import type { SlotRange } from '../../kernel/ranges.js';
import type { NodeRef } from '../../plan/plan.js';

/** Which way: the server's own atomic migration where both ends have it, or slot by slot. */
export type MoveWay = 'auto' | 'classic' | 'atomic';

export interface Moving {
  readonly way: MoveWay;
  /** MIGRATE's timeout: how long source and target may be idle towards each other, in milliseconds. */
  readonly migrateTimeoutMs: number;
  /** Keys of one MIGRATE at most (`--pipeline`). */
  readonly batchKeysMax: number;
  /** Bytes of one MIGRATE at most, by MEMORY USAGE; a key larger than this travels alone. */
  readonly batchBytesMax: number;
  /** Slots of one pair of nodes that may be open at once. */
  readonly windowSlots: number;
  /** Overwrite keys that the target already has, instead of comparing them first. */
  readonly replace: boolean;
  /** What the source says to the target; never shown, never written down. */
  readonly login?:
    { readonly username?: string | undefined; readonly password: string } | undefined;
  readonly rate?: { readonly unit: 'keys' | 'bytes'; readonly perSecond: number } | undefined;
  /** Slow down when a source answers PING more slowly than this many milliseconds; 0 never does. */
  readonly guardMs: number;
  readonly bigKeys: BigKeyRule;
  readonly journal: MoveJournal;
}

/** Keys that hold both of their nodes up while they travel are found before anything is changed. */
export interface BigKeyRule {
  /** MEMORY USAGE from which a key is big; 0: none is looked for. */
  readonly limitBytes: number;
  readonly onBigKey: BigKeyAnswer | 'ask';
  /** Who is asked; where nobody is, `ask` fails. */
  readonly ask?: AskAboutBigKeys;
}

/** `move` all the same, `skip` the slots of these keys, or `fail` before anything is changed. */
export type BigKeyAnswer = 'move' | 'skip' | 'fail';

export type AskAboutBigKeys = (keys: readonly BigKey[]) => Promise<BigKeyAnswer>;

export interface BigKey {
  readonly source: NodeRef;
  readonly slot: number;
  readonly database: number;
  /** latin1 text. */
  readonly key: string;
  readonly bytes: number;
}

/** Slots that change hands between two nodes. */
export interface SlotMove {
  readonly source: NodeRef;
  readonly target: NodeRef;
  readonly slots: readonly SlotRange[];
}

/** Remembers across a crash. What it was told is on disk when its promise resolves. */
export interface MoveJournal {
  /** Before the first command that opens one of these slots is sent. @throws what the disk says */
  opening(move: SlotMove): Promise<void>;
  /** The new owner has them, no mark is left. Written soon; losing it costs a look, not a key. */
  moved(move: SlotMove): void;
}

/** For moves nobody would resume: each is its own end. */
export const NO_JOURNAL: MoveJournal = {
  opening: () => Promise.resolve(),
  moved: () => undefined,
};

export const MOVING_DEFAULTS: Moving = {
  way: 'auto',
  migrateTimeoutMs: 60_000,
  batchKeysMax: 1_000,
  batchBytesMax: 8 << 20,
  windowSlots: 96,
  replace: false,
  guardMs: 0,
  // Serialised, sent and rebuilt at some 50 MB/s, this keeps both nodes silent for some seconds.
  bigKeys: { limitBytes: 128 << 20, onBigKey: 'fail' },
  journal: NO_JOURNAL,
};
