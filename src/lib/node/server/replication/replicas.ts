/**
 * The replicas of this node: who asks to be one and gets the rest of the stream or a snapshot, what each
 * has acknowledged, and who is dropped because it fell silent or behind.
 */
import { personaOf } from '../../ports/persona.js';
import type { ClientPort } from '../../ports/client.js';
import type { Asker, ReplicaClient, SyncRequest } from '../../ports/replication.js';
import type { ServerStats } from '../../ports/stats.js';
import type { ConfigWing, Log } from '../../ports/wings.js';
import type { ReplicationHistory } from '../../replication/history.js';
import type { Keyspace } from '../../store/keyspace.js';
import { FullSyncs } from './full-syncs.js';
import { newPeer, type Peer, ReplicaSession } from './replica-session.js';
import type { ReplicationSettings } from './settings.js';

export interface ReplicasOptions {
  readonly keyspace: Keyspace;
  readonly history: ReplicationHistory;
  readonly settings: ReplicationSettings;
  readonly config: ConfigWing;
  readonly stats: ServerStats;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Why nobody can synchronize now; undefined when they can. */
  readonly refusal: () => string | undefined;
  /** The history is to be kept from now on. */
  readonly openHistory: () => void;
  /** All that was said is to be in the history; afterwards the stream must say its database again. */
  readonly prepareFullSync: () => { readonly streamDb: number };
  readonly flushStream: () => void;
  readonly onFatal: (reason: string) => void;
  /** A replica acknowledged something. */
  readonly onAck: () => void;
}

export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #sessions = new Map<ClientPort, ReplicaSession>();
  readonly #peers = new WeakMap<ClientPort, Peer>();
  readonly #fullSyncs: FullSyncs;
  /** Since when there is none. */
  #aloneSinceMs: number;

  constructor(options: ReplicasOptions) {
    this.#options = options;
    this.#aloneSinceMs = options.nowMs();
    this.#fullSyncs = new FullSyncs({ ...options, prepare: options.prepareFullSync });
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Since when nobody follows; undefined while somebody does. */
  get aloneSinceMs(): number | undefined {
    return this.#sessions.size > 0 ? undefined : this.#aloneSinceMs;
  }

  all(): Iterable<ReplicaSession> {
    return this.#sessions.values();
  }

  of(client: ClientPort): ReplicaSession | undefined {
    return this.#sessions.get(client);
  }

  /** What REPLCONF told of this connection. */
  peer(client: ClientPort): Peer {
    let peer = this.#peers.get(client);
    if (peer === undefined) this.#peers.set(client, (peer = newPeer()));
    return peer;
  }

  /** The next bytes of the stream, for everybody. */
  push(bytes: Uint8Array): void {
    for (const session of this.#sessions.values()) session.push(bytes);
  }

  countGood(nowMs: number): number {
    const { goodLagSeconds } = this.#options.settings;
    return this.#count(
      (session) => session.state === 'online' && session.lagSeconds(nowMs) <= goodLagSeconds,
    );
  }

  /** Those that are online have said their version: servers that do so know what Valkey says in the stream. */
  areAllVersioned(): boolean {
    let online = 0;
    for (const { peer, state } of this.#sessions.values()) {
      if (state !== 'online') continue;
      online++;
      if (peer.version === '') return false;
    }
    return online > 0;
  }

  /** Versions are told to Valkey alone. */
  get takesVersions(): boolean {
    return personaOf(this.#options.config).replicatesSetSlot;
  }

  countHolding(offset: number): number {
    return this.#count((session) => session.state === 'online' && session.ackOffset >= offset);
  }

  acknowledge(client: ClientPort, offset: number): void {
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    session.acknowledge(offset, this.#options.nowMs());
    this.#options.onAck();
  }

  /** They come back and ask again, with what they know of the history. */
  disconnectAll(): void {
    for (const { client } of [...this.#sessions.values()]) client.close();
  }

  /** Once a second. */
  check(nowMs: number): void {
    for (const session of [...this.#sessions.values()]) {
      const reason = session.check(nowMs);
      if (reason === undefined) continue;
      this.#options.log('warning', `Dropping the replica ${session.name}: ${reason}`);
      session.client.close();
    }
    this.#fullSyncs.check();
  }

  // --- synchronization --------------------------------------------------------

  sync(request: SyncRequest, { client, reply, nowMs }: Asker): void {
    const { history, stats, refusal, flushStream } = this.#options;
    if (this.#sessions.has(client)) return;
    const why = client.hasUnsentReplies ? PENDING_OUTPUT : refusal();
    if (why !== undefined) {
      reply.error(why);
      return;
    }
    flushStream();
    const { replicationId, offset } = request;
    const asksForRest = replicationId !== undefined && replicationId !== '?';
    if (asksForRest && history.canContinue(replicationId, offset)) {
      stats.counters.syncPartialOk++;
      this.#continue(client, offset, nowMs);
      return;
    }
    if (asksForRest) stats.counters.syncPartialErr++;
    stats.counters.syncFull++;
    this.#options.openHistory();
    this.#fullSyncs.request(this.#admit(client, replicationId === undefined, nowMs));
  }

  #continue(client: ReplicaClient, offset: number, nowMs: number): void {
    const { history, log } = this.#options;
    const session = this.#admit(client, false, nowMs);
    session.send(`+CONTINUE ${history.identity.id}\r\n`);
    for (const bytes of history.backlog?.read(offset) ?? []) session.send(bytes);
    session.ackOffset = offset - 1;
    session.goOnline();
    log('notice', `The replica ${session.name} goes on from offset ${offset}`);
  }

  #admit(client: ReplicaClient, isOldSync: boolean, nowMs: number): ReplicaSession {
    const { settings, stats, log } = this.#options;
    const session = new ReplicaSession(client, this.peer(client), isOldSync, {
      settings,
      noteOutput: (bytes) => (stats.counters.netReplicationOutputBytes += bytes),
      nowMs,
    });
    client.isReplica = true;
    this.#sessions.set(client, session);
    client.onClose(() => {
      this.#sessions.delete(client);
      this.#fullSyncs.leave(session);
      this.#aloneSinceMs = this.#options.nowMs();
      log('notice', `The replica ${session.name} is gone`);
    });
    return session;
  }

  #count(holds: (session: ReplicaSession) => boolean): number {
    let count = 0;
    for (const session of this.#sessions.values()) if (holds(session)) count++;
    return count;
  }
}

const PENDING_OUTPUT = 'ERR SYNC and PSYNC are invalid with pending output';
