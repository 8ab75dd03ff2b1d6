/**
 * What a node knows of the writes behind its data: which history they belong to, how far it has come, and
 * the last part of it for replicas whose link broke.
 *
 * A primary that never had a replica counts nothing: without a backlog there is nobody who could ask. The
 * first replica therefore begins a new history, because what was written before has no offsets.
 */
import { Backlog } from './backlog.js';
import { newIdentity, type ReplicationIdentity, sharesHistory, shiftIdentity } from './identity.js';

export class ReplicationHistory {
  #identity: ReplicationIdentity;
  #offset = 0;
  #backlog: Backlog | undefined;

  /** @param id 40 hex digits */
  constructor(id: string) {
    this.#identity = newIdentity(id);
  }

  get identity(): ReplicationIdentity {
    return this.#identity;
  }

  /** Bytes of the stream so far. */
  get offset(): number {
    return this.#offset;
  }

  get backlog(): Backlog | undefined {
    return this.#backlog;
  }

  append(bytes: Uint8Array): void {
    this.#offset += bytes.length;
    this.#backlog?.append(bytes);
  }

  /** Keep what comes from now on; harmless when it is kept already. */
  open(backlogBytes: number): void {
    this.#backlog ??= new Backlog(backlogBytes, this.#offset + 1);
  }

  /** A history that nobody shares; what was kept is of no use to anybody any more. */
  renew(id: string): void {
    this.#identity = newIdentity(id);
    this.#backlog = undefined;
  }

  /** The same writes so far, and from here on others: a promotion, here or at the primary. */
  shift(id: string): void {
    this.#identity = shiftIdentity(this.#identity, id, this.#offset);
  }

  /** The data are a primary's as of this offset. */
  adopt(id: string, offset: number, backlogBytes: number): void {
    this.renew(id);
    this.#offset = offset;
    this.open(backlogBytes);
  }

  /** A primary's data as of this offset, which go on under a name of their own: who was there may continue. */
  inherit(id: string, offset: number, newId: string, backlogBytes: number): void {
    this.adopt(id, offset, backlogBytes);
    this.shift(newId);
  }

  /** Can the holder of `id` go on with the byte at `offset`? */
  canContinue(id: string, offset: number): boolean {
    return sharesHistory(this.#identity, id, offset) && (this.#backlog?.holds(offset) ?? false);
  }
}
