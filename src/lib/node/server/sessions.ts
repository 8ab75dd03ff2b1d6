/** Every client connection of a node, and what commands may do to them. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { PauseScope, Session, SessionsPort, Subscriptions } from '../ports/session.js';
import type { ConfigWing } from '../ports/wings.js';
import { toBytes } from '../../kernel/bytes.js';
import type { Connection } from './connection.js';
import { Monitors } from './monitors.js';
import { PubSub } from './pubsub.js';
import { TransactionQueue } from './transaction.js';

export interface SessionsOptions {
  readonly config: ConfigWing;
  readonly runTransaction: (connection: Connection) => void;
  readonly pause: (scope: PauseScope, untilMs: number) => void;
  readonly unpause: () => void;
}

export class Sessions implements SessionsPort {
  readonly pubsub = new PubSub();
  readonly monitors = new Monitors();
  readonly #options: SessionsOptions;
  readonly #connections = new Map<number, Connection>();
  #lastId = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#connections.size;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  add(connection: Connection): void {
    this.#connections.set(connection.id, connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection.id);
    this.pubsub.forget(connection);
  }

  /** In order of arrival. */
  all(): IterableIterator<Connection> {
    return this.#connections.values();
  }

  byId(id: number): Connection | undefined {
    return this.#connections.get(id);
  }

  pause(scope: PauseScope, untilMs: number): void {
    this.#options.pause(scope, untilMs);
  }

  unpause(): void {
    this.#options.unpause();
  }

  beginTransaction(session: Session): void {
    session.transaction = new TransactionQueue();
  }

  runTransaction(session: Session): void {
    const connection = this.#connections.get(session.id);
    if (connection !== undefined) this.#options.runTransaction(connection);
  }

  dropTransaction(session: Session): void {
    session.transaction = undefined;
    session.unwatch();
  }

  subscribe(session: Session, kind: keyof Subscriptions, channel: string): boolean {
    return this.pubsub.subscribe(session, kind, channel);
  }

  unsubscribe(session: Session, kind: keyof Subscriptions, channel: string): boolean {
    return this.pubsub.unsubscribe(session, kind, channel);
  }

  unsubscribeAll(session: Session): void {
    this.pubsub.forget(session);
  }

  monitor(session: Session): void {
    const connection = this.#connections.get(session.id);
    if (connection !== undefined && !connection.isMonitor) this.monitors.add(connection);
  }

  endMonitor(session: Session): void {
    const connection = this.#connections.get(session.id);
    if (connection?.isMonitor === true) this.monitors.remove(connection);
  }

  publish(channel: string, message: string, sharded: boolean): number {
    return this.pubsub.deliver(channel, message, sharded);
  }

  channels(kind: keyof Subscriptions): ReadonlyMap<string, ReadonlySet<Session>> {
    return this.pubsub.subscribers(kind);
  }

  authenticate(user: string, password: string): 'wrong' | 'no-password-set' | undefined {
    const expected = this.#options.config.get('requirepass') ?? '';
    if (user !== 'default') return 'wrong';
    if (expected === '') return 'no-password-set';
    return isSame(expected, password) ? undefined : 'wrong';
  }
}

/** In time that tells nothing about where the two differ. */
function isSame(expected: string, given: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(toBytes(text)).digest();
  return timingSafeEqual(digest(expected), digest(given));
}
