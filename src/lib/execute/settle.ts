/**
 * Waiting until a stage has really happened. Servers answer OK to MEET, REPLICATE and FAILOVER before
 * anything is done, and gossip tells the others when it gets there; so every witness is asked, and those
 * who have seen it are not asked again.
 */
import { agreementOf } from '../cluster/agreement.js';
import { formatAddress } from '../cluster/address.js';
import type { Claim } from '../cluster/model.js';
import { RecordPool } from '../cluster/nodes-reply.js';
import { AssertionFailure, TribError, messageOf, unreachable } from '../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../kernel/limits.js';
import { countSlots, type SlotRange } from '../kernel/ranges.js';
import type { NodeRef, Settled } from '../plan/plan.js';
import type { ExecutionContext } from './context.js';
import { joinFailure, missingLinks, type MissingLink } from './join-diagnosis.js';
import { mapBounded } from './map-bounded.js';
import { observeNode, type ObserveOptions } from './observe.js';
import { PAUSE_MS_MIN, PAUSE_MS_PER_NODE, waitFor } from './wait.js';

export interface SettleOptions {
  /** Nodes are linked; that they agree about slots is waited for later, together with the rest. */
  readonly linksOnly?: boolean;
  /**
   * Called when it does not go on by itself, with pairs of which one does not know the other. An acquaintance can be one-sided:
   * the one that was met gave up its own handshake on a busy machine, and gossip says old news seldom.
   */
  readonly introduce?: (strangers: readonly MissingLink[]) => Promise<void>;
}

/** Gossip needs a moment; who is still unknown then was missed. */
const INTRODUCE_EVERY_MS = 2_000;
/** More at once would start handshakes that starve each other. */
const INTRODUCTIONS_MAX = 200;

/** @throws TribError JOIN_FAILED, FAILOVER_FAILED, DEADLINE, INTERRUPTED */
export async function waitSettled(
  settled: Settled,
  context: ExecutionContext,
  options: SettleOptions = {},
): Promise<void> {
  if (settled.kind === 'at-once') return;
  const witnesses = witnessesOf(settled);
  const pool = new RecordPool();
  const said = new Map<NodeRef, Claim | string>();
  let pending = witnesses;
  const speakers = speakersOf(settled);
  let introducedAt = performance.now();
  let strangersBefore = Infinity;
  const wait = {
    what: describe(settled),
    pauseMs: Math.max(PAUSE_MS_MIN, witnesses.length * PAUSE_MS_PER_NODE),
    ...context,
  };
  const answer = await waitFor(wait, async () => {
    await mapBounded(pending, CONCURRENT_NODES_MAX, async (node) => {
      const asking = { pool, withoutFacts: !speakers.has(node.id) };
      said.set(node, await ask(node, context, asking));
    });
    const missing = new Map(
      witnesses.map((node) => [node, missingAt(settled, node, said.get(node)!)] as const),
    );
    pending = witnesses.filter((node) => missing.get(node) !== undefined);
    const isAgreed = options.linksOnly === true || settled.kind !== 'joined' || doAgree(said);
    if (pending.length === 0 && !isAgreed) pending = witnesses;
    if (pending.length === 0) return { done: true, value: undefined };
    if (options.introduce && performance.now() - introducedAt >= INTRODUCE_EVERY_MS) {
      const strangers = missingLinks(said).filter(({ state }) => state === 'unknown');
      // While their number falls gossip is at work, and handshakes would only be in its way.
      if (strangers.length >= strangersBefore)
        await options.introduce(strangers.slice(0, INTRODUCTIONS_MAX));
      strangersBefore = strangers.length;
      introducedAt = performance.now();
    }
    return { done: false, missing: pending.map((node) => missing.get(node) ?? 'slots differ') };
  });
  if (answer.done) return;
  throw failureOf(settled, answer.missing, said, context.deadlineMs);
}

async function ask(
  node: NodeRef,
  { links }: ExecutionContext,
  options: ObserveOptions,
): Promise<Claim | string> {
  try {
    return await observeNode(links, node.address, options);
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
    return messageOf(error);
  }
}

function witnessesOf(settled: Exclude<Settled, { kind: 'at-once' }>): readonly NodeRef[] {
  switch (settled.kind) {
    case 'joined':
      return settled.members;
    case 'replicating':
      return unique([...settled.pairs.map(({ node }) => node), ...settled.witnesses]);
    case 'slots-settled':
      return settled.witnesses;
    case 'promoted':
      return unique([settled.node, ...settled.followers, ...settled.witnesses]);
    case 'forgotten':
      return settled.witnesses;
    case 'alone':
      return settled.nodes;
    default:
      return unreachable(settled);
  }
}

/** Nodes whose own link to their primary matters, which only INFO tells. */
function speakersOf(settled: Exclude<Settled, { kind: 'at-once' }>): ReadonlySet<string> {
  if (settled.kind === 'replicating') return new Set(settled.pairs.map(({ node }) => node.id));
  if (settled.kind === 'promoted') return new Set(settled.followers.map(({ id }) => id));
  return new Set();
}

function unique(nodes: readonly NodeRef[]): readonly NodeRef[] {
  return [...new Map(nodes.map((node) => [formatAddress(node.address), node])).values()];
}

/** What this node does not see yet; undefined when it sees everything. */
function missingAt(
  settled: Exclude<Settled, { kind: 'at-once' }>,
  node: NodeRef,
  said: Claim | string,
): string | undefined {
  const name = formatAddress(node.address);
  if (typeof said === 'string') return said;
  const { records, self, facts } = said;
  switch (settled.kind) {
    case 'joined': {
      const lacking = settled.members.find(({ id }) => {
        const record = records.get(id);
        return !record || record.flags.has('handshake') || (!record.isLinkUp && id !== self.id);
      });
      return lacking && `${name} has no link to ${formatAddress(lacking.address)} yet`;
    }
    case 'replicating': {
      const pair = settled.pairs.find(({ node: replica, primary }) => {
        return records.get(replica.id)?.primaryId !== primary.id;
      });
      if (pair) return `${name} does not know yet whom ${formatAddress(pair.node.address)} follows`;
      const isReplica = settled.pairs.some(({ node: replica }) => replica.id === self.id);
      return isReplica && facts.primaryLinkUp !== true
        ? `${name} has no link to its primary yet`
        : undefined;
    }
    case 'promoted': {
      const promoted = records.get(settled.node.id);
      if (!promoted || promoted.flags.has('slave')) return `${name} has not seen the promotion yet`;
      if (countSlots(promoted.slots) < countSlots(settled.slots)) {
        return `${name} has not seen the slots change hands yet`;
      }
      // A follower speaks for itself; that everybody has heard of it takes gossip half a node timeout.
      if (!settled.followers.some(({ id }) => id === self.id)) return undefined;
      if (self.primaryId !== settled.node.id) return `${name} does not follow the new primary yet`;
      return facts.primaryLinkUp === true
        ? undefined
        : `${name} has no link to its new primary yet`;
    }
    case 'slots-settled':
      return unsettledSlots(settled, said);
    case 'forgotten':
      return records.has(settled.target) ? `${name} still knows the node` : undefined;
    case 'alone':
      return records.size > 1 ? `${name} still knows other nodes` : undefined;
    default:
      return unreachable(settled);
  }
}

function unsettledSlots(
  { owners }: Extract<Settled, { kind: 'slots-settled' }>,
  { reachedAt, records, self }: Claim,
): string | undefined {
  const name = formatAddress(reachedAt);
  const ours = owners.flatMap(({ slots }) => slots);
  const open = [...self.migrating.keys(), ...self.importing.keys()].filter((slot) =>
    isWithin({ first: slot, last: slot }, ours),
  );
  if (open.length > 0) return `${name} has ${open.length} slots open`;
  for (const { node, slots } of owners) {
    const held = records.get(node.id)?.slots ?? [];
    if (slots.every((range) => isWithin(range, held))) continue;
    return `${name} has not heard of all the slots of ${formatAddress(node.address)} yet`;
  }
  return undefined;
}

const isWithin = ({ first, last }: SlotRange, held: readonly SlotRange[]): boolean =>
  held.some((range) => range.first <= first && last <= range.last);

/** On any difference all are asked again: the older answer may well be the one most gave. */
function doAgree(said: ReadonlyMap<NodeRef, Claim | string>): boolean {
  const claims = [...said.values()].filter((claim) => typeof claim !== 'string');
  return agreementOf(claims, { slotsOnly: true }).isUnanimous;
}

function describe(settled: Exclude<Settled, { kind: 'at-once' }>): string {
  switch (settled.kind) {
    case 'joined':
      return 'Waiting for the cluster to join';
    case 'replicating':
      return 'Waiting for the replicas to follow';
    case 'promoted':
      return `Waiting for ${formatAddress(settled.node.address)} to take over`;
    case 'slots-settled':
      return 'Waiting for every node to know the new owners';
    case 'forgotten':
      return 'Waiting for the node to be forgotten everywhere';
    case 'alone':
      return 'Waiting for the nodes to stand alone';
    default:
      return unreachable(settled);
  }
}

function failureOf(
  settled: Exclude<Settled, { kind: 'at-once' }>,
  missing: readonly string[],
  said: ReadonlyMap<NodeRef, Claim | string>,
  deadlineMs: number,
): TribError {
  if (settled.kind === 'joined') return joinFailure(said, deadlineMs);
  const code = settled.kind === 'promoted' ? 'FAILOVER_FAILED' : 'DEADLINE';
  return new TribError(code, `${describe(settled)}: not so after ${deadlineMs} ms.`, {
    hint: [...missing.slice(0, 10), 'Look at `trib check`; --deadline waits longer.'],
    details: { missing },
  });
}
