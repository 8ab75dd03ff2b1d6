/** What `create` says before it asks: who becomes what, and how far apart the copies are. */
import { formatAddress } from '../cluster/address.js';
import type { Layout } from '../plan/plan-create.js';
import { layoutBlocks } from './node-block.js';
import { styleFor, wrap, type Capabilities, type Style } from './style.js';

export function createText(
  layout: Layout,
  remarks: readonly string[],
  capabilities: Capabilities,
): readonly string[] {
  const style = styleFor(capabilities);
  const { nodes, shards } = layout;
  return [
    style.heading('Creating cluster'),
    style.heading(`Performing hash slots allocation on ${nodes.length} nodes...`),
    `Using ${shards.length} masters:`,
    ...shards.map(({ primary }) => formatAddress(primary.address)),
    ...replicaLines(layout),
    ...affinityLines(layout, style),
    ...remarks.flatMap((remark) => wrap(remark, style.width, { first: '    ', rest: '    ' })),
    ...layoutBlocks(layout),
  ];
}

function replicaLines({ shards, replicasWanted }: Layout): readonly string[] {
  const adding = (isExtra: boolean) =>
    shards.flatMap(({ primary, replicas }) =>
      replicas
        .filter((_, index) => index >= replicasWanted === isExtra)
        .map(
          (replica) =>
            `Adding replica ${formatAddress(replica.address)} to ${formatAddress(primary.address)}`,
        ),
    );
  const extra = adding(true);
  return [...adding(false), ...(extra.length > 0 ? ['Adding extra replicas...', ...extra] : [])];
}

/** "Perfect" is said only when it is so, for zones as well as for hosts. */
function affinityLines({ shards, misplaced }: Layout, style: Style): readonly string[] {
  if (shards.every(({ replicas }) => replicas.length === 0)) return [];
  const heading = style.heading('Trying to optimize slaves allocation for anti-affinity');
  const warnings = [
    ...(misplaced.replicasOnPrimaryHost > 0
      ? ['Some slaves are in the same host as their master']
      : []),
    ...(misplaced.siblingsOnOneHost > 0
      ? ['Some slaves of the same master are in the same host']
      : []),
    ...(misplaced.replicasInPrimaryZone > 0
      ? ['Some slaves are in the same zone as their master']
      : []),
    ...(misplaced.siblingsInOneZone > 0
      ? ['Some slaves of the same master are in the same zone']
      : []),
  ];
  if (warnings.length === 0) return [heading, style.ok('Perfect anti-affinity obtained!')];
  return [heading, ...warnings.map((warning) => style.warning(warning))];
}
