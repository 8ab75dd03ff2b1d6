/**
 * A plan: what will be done, in which order, and why. Stages run one after another, the steps of a
 * stage at once. A plan is data; `project` says what the cluster looks like after it, `execute` does it.
 */
import type { NodeAddress } from '../cluster/model.js';
import type { NodeId } from '../kernel/node-id.js';
import type { SlotRange } from '../kernel/ranges.js';

/** A node in a plan: the id where it is known, and where to reach it. */
export interface NodeRef {
  readonly id: NodeId;
  /** How it is reached from here. */
  readonly address: NodeAddress;
  /** How its peers reach it, where that differs: what CLUSTER MEET is given. */
  readonly announced?: NodeAddress;
}

export type Step = { readonly why: string } & (
  | { readonly kind: 'assign-slots'; readonly node: NodeRef; readonly slots: readonly SlotRange[] }
  | { readonly kind: 'set-config-epoch'; readonly node: NodeRef; readonly epoch: number }
  | { readonly kind: 'meet'; readonly node: NodeRef; readonly target: NodeRef }
  /**
   * `node` takes these slots over from `source`, with their keys, while clients go on. All moves of a stage
   * share one window: pairs of nodes at once, and several slots of each pair.
   */
  | {
      readonly kind: 'move-slots';
      readonly node: NodeRef;
      readonly source: NodeRef;
      readonly slots: readonly SlotRange[];
    }
  /** No move is going on here: marks of one are taken away, keys and owners stay as they are. */
  | { readonly kind: 'close-slots'; readonly node: NodeRef; readonly slots: readonly SlotRange[] }
  /**
   * Nothing of these slots has arrived at `node`: the move from `source`, their owner, is given up. A slot of which a
   * key arrives in the meantime stays open.
   */
  | {
      readonly kind: 'give-up-move';
      readonly node: NodeRef;
      readonly source: NodeRef;
      readonly slots: readonly SlotRange[];
    }
  /** `node` owns these slots from now on, whatever it thought, with a config epoch above all others. */
  | { readonly kind: 'claim-slots'; readonly node: NodeRef; readonly slots: readonly SlotRange[] }
  /**
   * `node` gives these slots up to `owner` and opens them, so that it keeps their keys until they are
   * brought there: a primary that loses a slot by gossip deletes what it has of it.
   */
  | {
      readonly kind: 'yield-slots';
      readonly node: NodeRef;
      readonly owner: NodeRef;
      readonly slots: readonly SlotRange[];
    }
  /**
   * Keys that `source` has of slots it does not own are brought to `node`, which does. A key that both
   * have, with different values, stays at both; its slot stays open at the source when `keepsOpen`.
   */
  | {
      readonly kind: 'bring-keys';
      readonly node: NodeRef;
      readonly source: NodeRef;
      readonly slots: readonly SlotRange[];
      readonly keepsOpen: boolean;
    }
  | { readonly kind: 'bump-epoch'; readonly node: NodeRef }
  /** `node`, a primary that has nothing to do with these slots, is told whose they are. */
  | {
      readonly kind: 'tell-owner';
      readonly node: NodeRef;
      readonly owner: NodeRef;
      readonly slots: readonly SlotRange[];
    }
  /** Keys of slots that `node` does not own are deleted there, and nowhere else. */
  | {
      readonly kind: 'delete-orphans';
      readonly node: NodeRef;
      readonly owner: NodeRef;
      readonly slots: readonly SlotRange[];
    }
  | { readonly kind: 'replicate'; readonly node: NodeRef; readonly primary: NodeRef }
  | { readonly kind: 'copy-functions'; readonly from: NodeRef; readonly node: NodeRef }
  | { readonly kind: 'forget'; readonly node: NodeRef; readonly target: NodeId }
  | { readonly kind: 'reset'; readonly node: NodeRef; readonly mode: 'soft' | 'hard' }
  | { readonly kind: 'flush'; readonly node: NodeRef }
  | { readonly kind: 'shutdown'; readonly node: NodeRef }
  | {
      readonly kind: 'failover';
      readonly node: NodeRef;
      readonly mode: 'graceful' | 'force' | 'takeover';
    }
  | {
      readonly kind: 'set-config';
      readonly node: NodeRef;
      readonly name: string;
      readonly value: string;
      readonly rewrite: boolean;
    }
);

export type StepKind = Step['kind'];

/**
 * What must be true of the cluster after a stage, before the next one starts. The executor waits for it
 * with a deadline; a sleep would be either too short or too long.
 */
export type Settled =
  | { readonly kind: 'at-once' }
  /** Every member knows every other one over a working link, and all agree about slots. */
  | { readonly kind: 'joined'; readonly members: readonly NodeRef[] }
  /** The node replicates that primary over a link that is up, and every witness says so. */
  | {
      readonly kind: 'replicating';
      readonly pairs: readonly { readonly node: NodeRef; readonly primary: NodeRef }[];
      readonly witnesses: readonly NodeRef[];
    }
  /** The node is a primary and owns the slots; the siblings follow it; every witness says so. */
  | {
      readonly kind: 'promoted';
      readonly node: NodeRef;
      /** The primary until now. */
      readonly from: NodeId;
      readonly slots: readonly SlotRange[];
      readonly followers: readonly NodeRef[];
      readonly witnesses: readonly NodeRef[];
    }
  /** Every witness gives each of these slots to that node, and nobody has one of them open. */
  | {
      readonly kind: 'slots-settled';
      readonly owners: readonly { readonly node: NodeRef; readonly slots: readonly SlotRange[] }[];
      readonly witnesses: readonly NodeRef[];
    }
  /** No witness knows the node any more. */
  | {
      readonly kind: 'forgotten';
      readonly target: NodeId;
      readonly witnesses: readonly NodeRef[];
    }
  /** Each of these knows nobody but itself, and it stays so (a MEET on its way may undo a reset). */
  | { readonly kind: 'alone'; readonly nodes: readonly NodeRef[] };

export interface Stage<S = Step> {
  /** The progress line, as `>>> ` prints it. */
  readonly title: string;
  readonly steps: readonly S[];
  readonly settled: Settled;
}

export interface Plan<S = Step> {
  readonly command: string;
  /** Of the cluster the plan was made for: see `fingerprint`. */
  readonly fingerprint: string;
  readonly stages: readonly Stage<S>[];
  /** What could not be had (anti-affinity), in words for people. */
  readonly remarks: readonly string[];
}
