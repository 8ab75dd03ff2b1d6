/**
 * Where a command is served: here, or which error sends the client on. The order of the questions is that
 * of real servers, because the answers differ: an unowned slot is CLUSTERDOWN even across slots, a
 * migrating slot asks only when a key is missing, an importing one serves only who asks.
 */
import { slotOfKey } from '../../kernel/slot.js';
import type { ClientPort } from '../ports/client.js';
import type { RouteQuery } from '../ports/wings.js';
import { portFor } from './client-ports.js';
import { isReplica, type ClusterNode, type ClusterState } from './state.js';

export function route(state: ClusterState, query: RouteQuery): string | undefined {
  const { keys } = query;
  const first = keys[0];
  if (first === undefined) return undefined;
  const slot = slotOfKey(first);
  const owner = state.owners[slot];
  if (!owner) return 'CLUSTERDOWN Hash slot not served';
  if (keys.some((key) => slotOfKey(key) !== slot)) {
    return "CROSSSLOT Keys in request don't hash to the same slot";
  }
  const down = whyDown(state, query);
  if (down !== undefined) return down;

  const { myself } = state;
  const target = owner === myself ? state.migratingTo.get(slot) : undefined;
  const isImporting = owner !== myself && state.importingFrom.has(slot);
  if ((target || isImporting) && query.command === 'migrate') return undefined;
  const missing = target || isImporting ? countMissing(state, query) : 0;
  if (target && missing > 0) {
    return missing < keys.length ? TRY_AGAIN : redirect(state, 'ASK', slot, target, query.client);
  }
  if (isImporting && (query.client.isAsking || query.hasAskingFlag)) {
    return missing > 0 && hasSeveral(keys) ? TRY_AGAIN : undefined;
  }
  const mayRead = (query.client.isReadonly || query.isShardPubSub) && !query.isWrite;
  if (isReplica(myself) && myself.primary === owner && mayRead) return undefined;
  return owner === myself ? undefined : redirect(state, 'MOVED', slot, owner, query.client);
}

/** Where a client belongs that waits here for keys; undefined lets it wait. All its keys have one slot. */
export function redirectOf(
  state: ClusterState,
  keys: readonly string[],
  client: ClientPort,
): string | undefined {
  const [first] = keys;
  if (first === undefined) return undefined;
  // Reads may be allowed, but what would end the wait is a write.
  if (!state.isOk) return 'CLUSTERDOWN The cluster is down';
  const slot = slotOfKey(first);
  const owner = state.owners[slot];
  if (!owner) return 'CLUSTERDOWN Hash slot not served';
  if (owner === state.myself || state.importingFrom.has(slot)) return undefined;
  return redirect(state, 'MOVED', slot, owner, client);
}

const TRY_AGAIN = 'TRYAGAIN Multiple keys request during rehashing of slot';

function whyDown(state: ClusterState, query: RouteQuery): string | undefined {
  if (state.isOk) return undefined;
  const { settings } = state;
  if (query.isShardPubSub) {
    return settings.allowPubSubShardWhenDown ? undefined : 'CLUSTERDOWN The cluster is down';
  }
  if (!settings.allowReadsWhenDown) return 'CLUSTERDOWN The cluster is down';
  if (!query.isWrite) return undefined;
  return 'CLUSTERDOWN The cluster is down and only accepts read commands';
}

function countMissing(
  state: ClusterState,
  { keys, nowMs, isShardPubSub, client }: RouteQuery,
): number {
  if (isShardPubSub) return 0;
  return keys.filter((key) => !state.surroundings.hasKey(key, nowMs, client.db)).length;
}

const hasSeveral = (keys: readonly string[]): boolean => keys.some((key) => key !== keys[0]);

function redirect(
  state: ClusterState,
  word: 'ASK' | 'MOVED',
  slot: number,
  node: ClusterNode,
  client: ClientPort,
): string {
  const host = endpointHost(state, node) ?? '';
  return `${word} ${slot} ${host}:${portFor(node, client.isTls)}`;
}

/** What clients are told to connect to; undefined where they shall keep the address they used. */
export function endpointHost(state: ClusterState, node: ClusterNode): string | undefined {
  switch (state.settings.preferredEndpoint) {
    case 'ip':
      return node.ip;
    case 'hostname':
      return node.hostname === '' ? '?' : node.hostname;
    case 'unknown-endpoint':
      return undefined;
  }
}
