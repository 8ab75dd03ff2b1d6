/**
 * What a slot weighs, by a measure that servers tell: keys, bytes, processor time, traffic. The planner
 * says whom to ask about which slots; the shell asks.
 */
import type { ClusterView, NodeAddress } from '../../cluster/model.js';
import type { NodeId } from '../../kernel/node-id.js';
import { slotsIn, type SlotRange } from '../../kernel/ranges.js';
import { primariesOf } from './slot-plan.js';

export type Measure = 'keys' | 'memory' | 'cpu' | 'net';

export interface SlotLoads {
  readonly measure: Measure;
  /** By slot, all 16384: keys, bytes, microseconds per second, bytes per second. */
  readonly of: Float64Array;
}

/** How much do these slots weigh, on the node that owns them? */
export interface LoadQuestion {
  readonly id: NodeId;
  readonly address: NodeAddress;
  readonly slots: readonly SlotRange[];
}

export function loadQuestions(view: ClusterView): readonly LoadQuestion[] {
  return primariesOf(view)
    .filter(({ slots }) => slots.length > 0)
    .map(({ id, address, slots }) => ({ id, address, slots }));
}

export function loadOf(loads: SlotLoads, slots: readonly SlotRange[]): number {
  let sum = 0;
  for (const slot of slotsIn(slots)) sum += loads.of[slot]!;
  return sum;
}
