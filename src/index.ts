/**
 * `import ... from 'trib'`: a cluster as data, and what can be decided about it. No I/O and no dependency:
 * bring the replies of your nodes from wherever you have them, get findings and plans back.
 *
 *     const claims = replies.map(({ at, nodes, info }) => {
 *       const parsed = parseClusterNodes(nodes);
 *       if (!parsed.ok) throw new Error(parsed.error);
 *       return makeClaim(at, parsed.value, parseFacts({ info }));
 *     });
 *     const findings = diagnose(buildView(claims));
 */
export type {
  Claim,
  ClusterView,
  NodeAddress,
  NodeFacts,
  NodeRecord,
  RecordFlag,
  Silence,
} from './lib/cluster/model.js';
export type { Finding, Severity } from './lib/cluster/finding.js';
export type { NodeRef, Plan, Stage, Step, StepKind } from './lib/plan/plan.js';
export type { NodeId } from './lib/kernel/node-id.js';
export type { SlotRange } from './lib/kernel/ranges.js';

export { formatAddress, parseAddress } from './lib/cluster/address.js';
export { diagnose, isHealthy } from './lib/cluster/diagnose.js';
export { parseFacts } from './lib/cluster/facts.js';
export { RecordPool, parseClusterNodes } from './lib/cluster/nodes-reply.js';
export { buildView, makeClaim, membersOf } from './lib/cluster/view.js';
export { TribError } from './lib/kernel/errors.js';
export { countSlots, formatRanges } from './lib/kernel/ranges.js';
export { SLOT_COUNT } from './lib/kernel/slot.js';
export { planAddNode } from './lib/plan/plan-add-node.js';
export { planCreate } from './lib/plan/plan-create.js';
export { planDrain } from './lib/plan/plan-drain.js';
export { planFailover } from './lib/plan/plan-failover.js';
export { planMoveSlots } from './lib/plan/plan-move-slots.js';
export { planRebalance } from './lib/plan/plan-rebalance.js';
export { planDelNode, planForget } from './lib/plan/plan-removal.js';
export { planReshard } from './lib/plan/plan-reshard.js';
export { planReset } from './lib/plan/plan-reset.js';
export { planSetTimeout } from './lib/plan/plan-set-timeout.js';
export { project } from './lib/plan/project.js';
