/**
 * One connection that is a replica of ours. While its snapshot travels, the stream waits here; a replica
 * that got the marked form loads first and says so with its first ACK, and only then may the stream follow.
 */
import type { ReplicaClient } from '../../ports/replication.js';
import type { ReplicationSettings } from './settings.js';

/** `marked`: sent as it is made, with a mark behind its end. `counted`: made whole first, then sent. */
export type SnapshotForm = 'marked' | 'counted';

/** A snapshot that is made for this replica, and maybe for others. */
export interface SyncRound {
  readonly form: SnapshotForm;
  /** Its snapshot is not whole yet. */
  readonly isMaking: boolean;
  /** A replica is gone. */
  leave(session: ReplicaSession): void;
}

/** What REPLCONF told of a connection before it became a replica's. */
export interface Peer {
  listeningPort: number;
  announcedIp: string;
  /** It finds the end of a snapshot by a mark. */
  takesMark: boolean;
  /** It wants a snapshot and no stream. */
  isRdbOnly: boolean;
  /** It wants functions only. */
  wantsNoKeys: boolean;
  /** Of its server; empty when it does not say. */
  version: string;
}

export function newPeer(): Peer {
  return {
    listeningPort: 0,
    announcedIp: '',
    takesMark: false,
    isRdbOnly: false,
    wantsNoKeys: false,
    version: '',
  };
}

export interface ReplicaSessionOptions {
  readonly settings: ReplicationSettings;
  readonly noteOutput: (bytes: number) => void;
  readonly nowMs: number;
}

export type ReplicaState = 'waiting' | 'sending' | 'loading' | 'online';

export class ReplicaSession {
  readonly client: ReplicaClient;
  readonly peer: Peer;
  /** It asked with SYNC, which knows no ACK. */
  readonly isOldSync: boolean;
  /** The snapshot that it takes part in; undefined before and after. */
  round: SyncRound | undefined;
  /** Bytes of the stream that it holds for certain. */
  ackOffset = 0;
  /** When it last gave a sign of life, or took bytes of its snapshot. */
  aliveAtMs: number;
  ackAtMs: number;
  readonly #settings: ReplicationSettings;
  readonly #noteOutput: (bytes: number) => void;
  #isOnline = false;
  #isLoading = false;
  #isHolding = false;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #aboveSoftSinceMs: number | undefined;
  #pendingBefore = 0;

  constructor(
    client: ReplicaClient,
    peer: Peer,
    isOldSync: boolean,
    { settings, noteOutput, nowMs }: ReplicaSessionOptions,
  ) {
    this.client = client;
    this.peer = peer;
    this.isOldSync = isOldSync;
    this.#settings = settings;
    this.#noteOutput = noteOutput;
    this.aliveAtMs = nowMs;
    this.ackAtMs = nowMs;
  }

  get state(): ReplicaState {
    if (this.#isOnline) return 'online';
    if (this.#isLoading) return 'loading';
    return this.round?.form === 'counted' && !this.round.isMaking ? 'sending' : 'waiting';
  }

  get ip(): string {
    const { address } = this.client;
    return this.peer.announcedIp || address.slice(0, address.lastIndexOf(':'));
  }

  /** For people. */
  get name(): string {
    const { listeningPort } = this.peer;
    return listeningPort > 0 ? `${this.ip}:${listeningPort}` : this.client.address;
  }

  lagSeconds(nowMs: number): number {
    return Math.floor((nowMs - this.ackAtMs) / 1000);
  }

  /** Whatever a replica is sent goes this way, and is counted. */
  send(bytes: string | Uint8Array): void {
    this.#noteOutput(bytes.length);
    this.client.write(bytes);
  }

  /** From now on the stream waits here: its snapshot is of this moment. */
  hold(): void {
    this.#isHolding = true;
  }

  /** Its snapshot is another's: so is what has been said since. */
  holdAs(other: ReplicaSession): void {
    this.#isHolding = true;
    this.#held = [...other.#held];
    this.#heldBytes = other.#heldBytes;
  }

  /** The next bytes of the stream. */
  push(bytes: Uint8Array): void {
    if (this.peer.isRdbOnly) return;
    if (this.#isOnline) {
      this.send(bytes);
      return;
    }
    if (!this.#isHolding) return;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    const { outputHardBytes } = this.#settings;
    if (outputHardBytes > 0 && this.#heldBytes > outputHardBytes) this.client.close();
  }

  /** The snapshot has been written, mark and all. */
  snapshotSent(): void {
    const isMarked = this.round?.form === 'marked';
    this.round = undefined;
    if (this.peer.isRdbOnly) this.client.close('after-reply');
    else if (isMarked && !this.isOldSync) this.#isLoading = true;
    else this.goOnline();
  }

  goOnline(): void {
    this.#isOnline = true;
    this.#isLoading = false;
    this.#isHolding = false;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const bytes of held) this.send(bytes);
  }

  acknowledge(offset: number, nowMs: number): void {
    if (offset > this.ackOffset) this.ackOffset = offset;
    this.ackAtMs = nowMs;
    this.aliveAtMs = nowMs;
    if (this.#isLoading) this.goOnline();
  }

  /** Once a second: why this replica must go, or undefined. */
  check(nowMs: number): string | undefined {
    const { client } = this;
    const pending = client.pendingBytes;
    const isSyncing = !this.#isOnline && !this.#isLoading;
    // Waiting for a snapshot, or taking it, is life enough.
    if (isSyncing && (pending < this.#pendingBefore || pending === 0)) this.aliveAtMs = nowMs;
    this.#pendingBefore = pending;
    const isBeforeBytes =
      this.round === undefined || (this.round.form === 'counted' && this.round.isMaking);
    if (isSyncing && isBeforeBytes) this.send('\n');
    // While it loads, a real server sends empty lines: no commands, but bytes.
    const aliveAtMs = Math.max(this.aliveAtMs, client.lastActiveAtMs);
    if (!this.isOldSync && nowMs - aliveAtMs > this.#settings.timeoutMs) {
      return 'it has been silent for too long';
    }
    return this.#isAboveSoftLimit(pending, nowMs) ? 'it does not keep up' : undefined;
  }

  #isAboveSoftLimit(pendingBytes: number, nowMs: number): boolean {
    const { outputSoftBytes, outputSoftMs } = this.#settings;
    if (outputSoftBytes === 0 || pendingBytes + this.#heldBytes <= outputSoftBytes) {
      this.#aboveSoftSinceMs = undefined;
      return false;
    }
    this.#aboveSoftSinceMs ??= nowMs;
    return nowMs - this.#aboveSoftSinceMs > outputSoftMs;
  }
}
