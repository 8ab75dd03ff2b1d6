/** What a CLUSTER subcommand works on, and the words they share. */
import { isSlot, type Slot } from '../../../kernel/slot.js';
import type { ReplySink } from '../../../wire/resp/reply-sink.js';
import type { ClusterNode, ClusterState } from '../state.js';

export interface ClusterCall {
  readonly state: ClusterState;
  /** `cluster`, the subcommand, and its words. Their number has been checked. */
  readonly argv: readonly string[];
  readonly reply: ReplySink;
  readonly isTls: boolean;
  /** What the client has selected. */
  readonly db: number;
  /** It is our primary's word. */
  readonly isPrimarys: boolean;
}

export type ClusterOperation = (call: ClusterCall) => void;

/** Ends a subcommand with an error reply. */
export class Refusal extends Error {}

export const NOT_AN_INTEGER = 'value is not an integer or out of range';

/** @throws Refusal with what real servers say */
export function integerFrom(text: string, complaint = NOT_AN_INTEGER): number {
  const value = Number(text);
  if (!/^-?\d{1,19}$/.test(text) || !Number.isSafeInteger(value)) throw new Refusal(complaint);
  return value;
}

export function slotFrom(text: string): Slot {
  const complaint = 'Invalid or out of range slot';
  const slot = integerFrom(text, complaint);
  if (!isSlot(slot)) throw new Refusal(complaint);
  return slot;
}

export function nodeFrom(state: ClusterState, text: string, complaint?: string): ClusterNode {
  const node = state.nodes.get(text.toLowerCase());
  if (!node) throw new Refusal(complaint ?? `Unknown node ${text}`);
  return node;
}

/** "Subcommand known, words wrong". */
export function wrongWords({ argv }: ClusterCall): Refusal {
  return new Refusal(
    `unknown subcommand or wrong number of arguments for '${argv[1]!}'. Try CLUSTER HELP.`,
  );
}
