/**
 * The same plan for other references: nodes as they are reached today, or other nodes in their place. Only
 * references change; what is done, in which order and why, stays.
 */
import { unreachable } from '../kernel/errors.js';
import type { NodeRef, Plan, Settled, Stage, Step } from './plan.js';

export type Substitute = (node: NodeRef) => NodeRef;

export function rebindPlan(plan: Plan, substitute: Substitute): Plan {
  return { ...plan, stages: plan.stages.map((stage) => rebindStage(stage, substitute)) };
}

export function rebindStage(stage: Stage, substitute: Substitute): Stage {
  return {
    ...stage,
    steps: stage.steps.map((step) => rebindStep(step, substitute)),
    settled: rebindSettled(stage.settled, substitute),
  };
}

export function rebindStep(step: Step, to: Substitute): Step {
  const node = to(step.node);
  switch (step.kind) {
    case 'meet':
      return { ...step, node, target: to(step.target) };
    case 'move-slots':
    case 'give-up-move':
    case 'bring-keys':
      return { ...step, node, source: to(step.source) };
    case 'yield-slots':
    case 'tell-owner':
    case 'delete-orphans':
      return { ...step, node, owner: to(step.owner) };
    case 'replicate':
      return { ...step, node, primary: to(step.primary) };
    case 'copy-functions':
      return { ...step, node, from: to(step.from) };
    case 'assign-slots':
    case 'close-slots':
    case 'claim-slots':
    case 'bump-epoch':
    case 'set-config-epoch':
    case 'forget':
    case 'reset':
    case 'flush':
    case 'shutdown':
    case 'failover':
    case 'set-config':
      return { ...step, node };
    default:
      return unreachable(step);
  }
}

function rebindSettled(settled: Settled, to: Substitute): Settled {
  switch (settled.kind) {
    case 'at-once':
      return settled;
    case 'joined':
      return { ...settled, members: settled.members.map(to) };
    case 'replicating':
      return {
        ...settled,
        pairs: settled.pairs.map(({ node, primary }) => ({ node: to(node), primary: to(primary) })),
        witnesses: settled.witnesses.map(to),
      };
    case 'promoted':
      return {
        ...settled,
        node: to(settled.node),
        followers: settled.followers.map(to),
        witnesses: settled.witnesses.map(to),
      };
    case 'slots-settled':
      return {
        ...settled,
        owners: settled.owners.map(({ node, slots }) => ({ node: to(node), slots })),
        witnesses: settled.witnesses.map(to),
      };
    case 'forgotten':
      return { ...settled, witnesses: settled.witnesses.map(to) };
    case 'alone':
      return { ...settled, nodes: settled.nodes.map(to) };
    default:
      return unreachable(settled);
  }
}
