/**
 * Looking at a cluster: ask the entry who is there, then everybody at once what they say. One pipelined
 * round trip per node; a node that does not answer is a silence in the view, never a hang and never
 * dropped, and costs at most its deadline, not everybody's.
 */
import { formatAddress } from '../cluster/address.js';
import { parseFacts } from '../cluster/facts.js';
import type { Claim, ClusterView, NodeAddress, NodeRecord, Silence } from '../cluster/model.js';
import { parseClusterNodes, RecordPool } from '../cluster/nodes-reply.js';
import { buildView, makeClaim } from '../cluster/view.js';
import { AssertionFailure, TribError, messageOf } from '../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../kernel/limits.js';
import type { CallOptions, Link, Links, Reply } from './links.js';
import { mapBounded } from './map-bounded.js';
import { replyWordsOf } from './reply-words.js';

export interface ObserveOptions extends CallOptions {
  /** Shared by repeated looks at one cluster: records that did not change are not parsed again. */
  readonly pool?: RecordPool;
  /** CLUSTER NODES alone: a quarter of the work for a server that is asked again and again. */
  readonly withoutFacts?: boolean;
}

/** @throws TribError when the entry itself does not answer, or is no cluster node. */
export async function observe(
  links: Links,
  entry: NodeAddress,
  options: ObserveOptions = {},
): Promise<ClusterView> {
  const pool = options.pool ?? new RecordPool();
  const first = await observeNode(links, entry, { ...options, pool });
  const others = [...first.records.values()].filter(
    (record) => record.id !== first.self.id && !record.flags.has('handshake'),
  );
  const answers = await mapBounded(others, CONCURRENT_NODES_MAX, (record) =>
    askPeer(links, record, { ...options, pool }),
  );
  const claims = [first];
  const silences: Silence[] = [];
  for (const answer of answers) {
    if ('reason' in answer) silences.push(answer);
    else claims.push(answer);
  }
  return buildView(claims, silences);
}

/** What the nodes at exactly these addresses say; none of them is followed further. */
export async function observeAll(
  links: Links,
  addresses: readonly NodeAddress[],
  options: ObserveOptions = {},
): Promise<{
  readonly claims: readonly Claim[];
  readonly silences: readonly Silence[];
  /** What was thrown, one per silence. */
  readonly errors: readonly unknown[];
}> {
  const pool = options.pool ?? new RecordPool();
  const answers = await mapBounded(addresses, CONCURRENT_NODES_MAX, async (address) => {
    try {
      return { claim: await observeNode(links, address, { ...options, pool }) };
    } catch (error) {
      return { silence: silenceOf(undefined, address, error), error };
    }
  });
  return {
    claims: answers.flatMap(({ claim }) => (claim ? [claim] : [])),
    silences: answers.flatMap(({ silence }) => (silence ? [silence] : [])),
    errors: answers.flatMap((answer) => (answer.silence ? [answer.error] : [])),
  };
}

const MEMBERSHIP = [['CLUSTER', 'NODES']] as const;
const EVERYTHING = [
  ...MEMBERSHIP,
  ['INFO'],
  ['CLUSTER', 'INFO'],
  ['CONFIG', 'GET', 'cluster-node-timeout'],
] as const;

/** What one node says. @throws TribError as `Link.ask`, REPLY_ERROR, NOT_CLUSTER_NODE, PROTOCOL. */
export async function observeNode(
  links: Links,
  address: NodeAddress,
  options: ObserveOptions = {},
): Promise<Claim> {
  const link = links.to(address);
  const questions = options.withoutFacts === true ? MEMBERSHIP : EVERYTHING;
  const [nodes, ...rest] = await link.ask(questions, options);
  const parsed = parseClusterNodes(membership(link, nodes), options.pool);
  if (!parsed.ok) {
    throw new TribError('PROTOCOL', `${formatAddress(address)}: ${parsed.error}.`, {
      hint: 'Is this really the client port of a Redis or Valkey node?',
    });
  }
  // Facts that a restricted user may not be allowed to see: without them the view is poorer, not wrong.
  const [info, clusterInfo, timeout] = rest;
  const nodeTimeoutMs = Array.isArray(timeout) ? Number(timeout[1]) : Number.NaN;
  const facts = parseFacts({
    ...(typeof info === 'string' ? { info } : {}),
    ...(typeof clusterInfo === 'string' ? { clusterInfo } : {}),
    ...(Number.isFinite(nodeTimeoutMs) ? { nodeTimeoutMs } : {}),
  });
  return makeClaim(address, parsed.value, facts);
}

function membership(link: Link, reply: Reply | TribError | undefined): string {
  if (typeof reply === 'string') return reply;
  if (!(reply instanceof TribError)) throw notClusterNode(link, undefined);
  const isPlain = /cluster support disabled|unknown command/i.test(replyWordsOf(reply));
  throw isPlain ? notClusterNode(link, reply) : reply;
}

async function askPeer(
  links: Links,
  record: NodeRecord,
  options: ObserveOptions,
): Promise<Claim | Silence> {
  const address: NodeAddress = { host: record.host, port: record.port, busPort: record.busPort };
  if (record.host === '' || record.port === 0) {
    return { id: record.id, address, reason: 'no node knows its address' };
  }
  try {
    const claim = await observeNode(links, address, options);
    if (claim.self.id === record.id) return claim;
    return {
      id: record.id,
      address,
      reason: `another node answers there: ${claim.self.id}`,
    };
  } catch (error) {
    return silenceOf(record.id, address, error);
  }
}

function silenceOf(id: Silence['id'], address: NodeAddress, error: unknown): Silence {
  if (error instanceof AssertionFailure) throw error;
  // An interruption is ours, not the node's.
  if (error instanceof TribError && error.code === 'INTERRUPTED') throw error;
  return { id, address, reason: messageOf(error) };
}

function notClusterNode(link: Link, cause: unknown): TribError {
  return new TribError(
    'NOT_CLUSTER_NODE',
    `Node ${formatAddress(link.address)} is not configured as a cluster node.`,
    { hint: 'Set `cluster-enabled yes` in its configuration and restart it.', cause },
  );
}
