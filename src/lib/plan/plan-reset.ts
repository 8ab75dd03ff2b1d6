/**
 * Back to an empty node. A MEET still under way may bring a node back after its reset, so the plan
 * settles only when every node has stayed alone.
 */
import { formatAddress } from '../cluster/address.js';
import { countKeys } from '../cluster/facts.js';
import { fingerprint } from '../cluster/fingerprint.js';
import type { Claim } from '../cluster/model.js';
import { buildView } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import { countSlots } from '../kernel/ranges.js';
import { refOf } from './node-ref.js';
import type { NodeRef, Plan, Stage } from './plan.js';

export interface ResetWish {
  readonly mode: 'soft' | 'hard';
  /** Delete the keys of a primary first; a server refuses to reset one that holds any. */
  readonly flush: boolean;
}

/** @throws TribError NODE_NOT_EMPTY for a primary with keys unless `flush` */
export function planReset(nodes: readonly Claim[], wish: ResetWish): Plan {
  const holding = nodes.filter(
    ({ self, facts }) => !self.flags.has('slave') && countKeys(facts) > 0,
  );
  const first = holding[0];
  if (first && !wish.flush) {
    const address = formatAddress(first.reachedAt);
    throw new TribError(
      'NODE_NOT_EMPTY',
      `Node ${address} is a primary and holds ${countKeys(first.facts)} keys.`,
      {
        hint: `To delete them: trib reset ${address} --${wish.mode} --flush`,
        details: { nodes: holding.map(({ self }) => self.id) },
      },
    );
  }
  const flushing: Stage = {
    title: `Deleting all keys of ${holding.length} node${holding.length === 1 ? '' : 's'}`,
    steps: holding.map((claim) => ({
      kind: 'flush',
      node: refOf(claim),
      why: `its ${countKeys(claim.facts)} keys stand in the way of the reset`,
    })),
    settled: { kind: 'at-once' },
  };
  const refs = nodes.map(refOf);
  return {
    command: 'reset',
    fingerprint: fingerprint(buildView(nodes)),
    stages: [...(holding.length > 0 ? [flushing] : []), resetting(refs, wish.mode)],
    remarks: nodes.flatMap(resetRemarks),
  };
}

function resetting(nodes: readonly NodeRef[], mode: 'soft' | 'hard'): Stage {
  return {
    title: `Sending CLUSTER RESET ${mode.toUpperCase()} to ${nodes.length} node${nodes.length === 1 ? '' : 's'}`,
    steps: nodes.map((node) => ({ kind: 'reset', node, mode, why: 'asked for' })),
    settled: { kind: 'alone', nodes },
  };
}

function resetRemarks({ self, reachedAt, records }: Claim): readonly string[] {
  const address = formatAddress(reachedAt);
  const slots = countSlots(self.slots);
  return [
    ...(slots > 0 ? [`${address} gives up ${slots} slots; nobody serves them afterwards.`] : []),
    ...(records.size > 1
      ? [
          `${records.size - 1} other nodes go on listing ${address}: remove it there with \`trib forget\`.`,
        ]
      : []),
  ];
}
