/**
 * Is a cluster at rest? Nodes in this process need not be asked over sockets, nor can one of them be too
 * busy to answer: what each of them believes is read, and compared with what is so.
 */
import type { Claim, NodeRecord } from '../../cluster/model.js';
import { buildView } from '../../cluster/view.js';
import { unsettled } from '../../execute/convergence.js';
import { slotsIn } from '../../kernel/ranges.js';
import { claimOf } from './claim.js';
import type { HostedNode } from './hosted-node.js';

/** How far primaries had written when somebody last looked. */
export type Marks = Map<string, number>;

/** What keeps the cluster from rest, one line each; empty when it is. */
export function restlessness(nodes: readonly HostedNode[], marks: Marks): readonly string[] {
  const running = nodes.filter(({ state }) => state === 'running');
  const claims = running.map(claimOf);
  if (claims.length === 0) return ['no node runs'];
  const alive = new Set(claims.map(({ self }) => self.id));
  return [
    ...claims.flatMap((claim, at) => misjudged(running[at]!.address, claim, alive)),
    ...unsettled(buildView(claims), { ignoreSilent: true }),
    ...behind(claims, running, marks),
  ];
}

/**
 * Replicas that lack what their primary had written at the look before this one: what it writes at this very
 * moment they cannot have, and somebody may go on writing.
 */
function behind(
  claims: readonly Claim[],
  running: readonly HostedNode[],
  marks: Marks,
): readonly string[] {
  const offsetAt = (at: number): number => running[at]!.embedded.wings.replication.offset;
  claims.forEach(({ self }, at) => {
    if (!marks.has(self.id)) marks.set(self.id, offsetAt(at));
  });
  const missing = claims.flatMap(({ self }, at) =>
    self.primaryId !== undefined && offsetAt(at) < (marks.get(self.primaryId) ?? 0)
      ? [`${running[at]!.address} does not hold all that its primary wrote`]
      : [],
  );
  claims.forEach(({ self }, at) => marks.set(self.id, offsetAt(at)));
  return missing;
}

/** Wherein a node is wrong about who lives. */
function misjudged(by: string, { records }: Claim, alive: ReadonlySet<string>): string[] {
  const missing: string[] = [];
  for (const record of records.values()) {
    const name = `${record.host}:${record.port}`;
    const isHeldForDead = record.flags.has('fail');
    if (alive.has(record.id)) {
      if (isHeldForDead || record.flags.has('fail?')) missing.push(`${by} takes ${name} for dead`);
    } else if (!isHeldForDead) {
      missing.push(`${by} has not noticed that ${name} is gone`);
    } else if (record.slots.length > 0 && hasHeir(record, records, alive)) {
      missing.push(`${by} has not heard who takes over from ${name}`);
    }
  }
  return missing;
}

function hasHeir(dead: NodeRecord, records: Claim['records'], alive: ReadonlySet<string>): boolean {
  return [...records.values()].some(({ id, primaryId }) => primaryId === dead.id && alive.has(id));
}

/** The first of these that has not heard that `heir` took the slots of `former`, and why we think so. */
export function notTakenOver(
  nodes: readonly HostedNode[],
  heir: HostedNode,
  former: NodeRecord,
): string | undefined {
  const running = nodes.filter(({ state }) => state === 'running');
  const claims = new Map(running.map((node) => [node, claimOf(node)]));
  const own = claims.get(heir);
  if (own === undefined) return `${heir.address} does not run`;
  if (!own.self.flags.has('master')) return `${heir.address} is still a replica`;
  const wanted = [...slotsIn(former.slots)];
  for (const [node, { self, records, facts }] of claims) {
    const owned = new Set(slotsIn(records.get(own.self.id)?.slots ?? []));
    if (!wanted.every((slot) => owned.has(slot))) return `${node.address} has not heard of it`;
    if (self.primaryId === former.id || self.id === former.id) {
      if (self.primaryId !== own.self.id) return `${node.address} does not follow yet`;
    }
    if (self.primaryId === own.self.id && facts.primaryLinkUp !== true) {
      return `${node.address} is not in sync yet`;
    }
  }
  return undefined;
}
