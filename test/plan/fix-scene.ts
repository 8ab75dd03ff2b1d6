/** Clusters with slots half moved, written down in a few words, and what is left when a plan is carried out. */
import type { ClusterView } from '../../src/lib/cluster/model.js';
import type { SlotKeys } from '../../src/lib/cluster/slot-keys.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import { slotsIn } from '../../src/lib/kernel/ranges.js';
import type { FixWish } from '../../src/lib/plan/fix/fixable.js';
import { planFix, type FixDecision } from '../../src/lib/plan/fix/plan-fix.js';
import type { Plan } from '../../src/lib/plan/plan.js';
import { project } from '../../src/lib/plan/project.js';
import { stepText } from '../../src/lib/render/plan-text.js';
import {
  type Edit,
  type SyntheticNode,
  idOf,
  syntheticNodes,
  viewOf,
} from '../support/synthetic-view.js';

/** By node, then by slot. */
export type Keys = Readonly<Record<number, Readonly<Record<number, number>>>>;

export interface Scene {
  readonly nodes: SyntheticNode[];
  readonly keys: Keys;
  readonly edit?: Edit;
}

/** Four primaries without replicas: slots 0-4095, 4096-8191, 8192-12287 and 12288-16383. */
export function sceneOf(change: (nodes: SyntheticNode[]) => void, keys: Keys = {}): Scene {
  const nodes = syntheticNodes({ nodes: 4, replicas: 0 });
  change(nodes);
  return { nodes, keys };
}

export const migrating = (slot: number, to: number): string => `[${slot}->-${idOf(to)}]`;
export const importing = (slot: number, from: number): string => `[${slot}-<-${idOf(from)}]`;

export function evidenceOf({ nodes, keys }: Scene): readonly SlotKeys[] {
  return nodes.flatMap(({ id, primary, silent }, index) => {
    if (primary !== undefined || silent !== undefined) return [];
    const held = Object.entries(keys[index] ?? {}).map(
      ([slot, count]) => [Number(slot), count] as const,
    );
    return [{ id, counts: new Map(held) }];
  });
}

export function decide(scene: Scene, wish: FixWish = {}): FixDecision {
  return planFix(viewOf(scene.nodes, scene.edit), evidenceOf(scene), wish);
}

/** Steps as text, with short node names: `A` is the first node. */
export function stepsOf({ plan }: FixDecision): readonly string[] {
  return plan.stages.flatMap(({ steps }) => steps.map(stepText)).map(nameNodes);
}

export function nameNodes(text: string): string {
  return text.replaceAll(/10\.0\.0\.(\d+):\d+/g, (_, n: string) =>
    String.fromCharCode('A'.charCodeAt(0) + Number(n) - 1),
  );
}

export function after(
  view: ClusterView,
  evidence: readonly SlotKeys[],
  plan: Plan,
): { readonly view: ClusterView; readonly evidence: readonly SlotKeys[] } {
  return { view: project(view, plan), evidence: carried(evidence, plan) };
}

/** Where the keys are when all goes well. */
function carried(evidence: readonly SlotKeys[], plan: Plan): readonly SlotKeys[] {
  const counts = new Map<NodeId, Map<number, number>>(
    evidence.map(({ id, counts: held }) => [id, new Map(held)]),
  );
  for (const step of plan.stages.flatMap(({ steps }) => steps)) {
    if (step.kind !== 'move-slots' && step.kind !== 'bring-keys') continue;
    const [from, to] = [counts.get(step.source.id), counts.get(step.node.id)];
    if (!from || !to) continue;
    for (const slot of slotsIn(step.slots)) {
      const moved = from.get(slot) ?? 0;
      from.delete(slot);
      if (moved > 0) to.set(slot, (to.get(slot) ?? 0) + moved);
    }
  }
  return [...counts].map(([id, held]) => ({ id, counts: held }));
}
