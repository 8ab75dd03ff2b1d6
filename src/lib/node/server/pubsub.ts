/** Who listens to which channel, and the messages they get. Shard channels are a world of their own. */
import type { Session, Subscriptions } from '../ports/session.js';
import { compileGlob } from '../../kernel/glob.js';
import { slotOfKey } from '../../kernel/slot.js';

type Kind = keyof Subscriptions;

interface Pattern {
  readonly matches: (channel: string) => boolean;
}

export class PubSub {
  readonly #subscribers: Readonly<Record<Kind, Map<string, Set<Session>>>> = {
    channels: new Map(),
    patterns: new Map(),
    shardChannels: new Map(),
  };
  readonly #compiled = new Map<string, Pattern>();

  /** @returns false when it was subscribed already. */
  subscribe(session: Session, kind: Kind, channel: string): boolean {
    const held = session.subscriptions[kind];
    if (held.has(channel)) return false;
    held.add(channel);
    const all = this.#subscribers[kind];
    let sessions = all.get(channel);
    if (sessions === undefined) all.set(channel, (sessions = new Set()));
    sessions.add(session);
    if (kind === 'patterns' && !this.#compiled.has(channel)) {
      this.#compiled.set(channel, { matches: compileGlob(channel) });
    }
    return true;
  }

  /** @returns false when it was not subscribed. */
  unsubscribe(session: Session, kind: Kind, channel: string): boolean {
    if (!session.subscriptions[kind].delete(channel)) return false;
    const all = this.#subscribers[kind];
    const sessions = all.get(channel);
    sessions?.delete(session);
    if (sessions?.size === 0) {
      all.delete(channel);
      if (kind === 'patterns') this.#compiled.delete(channel);
    }
    return true;
  }

  /** The connection is gone, or starts anew. */
  forget(session: Session): void {
    for (const kind of ['channels', 'patterns', 'shardChannels'] as const) {
      for (const channel of [...session.subscriptions[kind]]) {
        this.unsubscribe(session, kind, channel);
      }
    }
  }

  /** The slots of these channels went elsewhere, and so do their messages: whoever listens is told. */
  endShardChannels(slots: ReadonlySet<number>): void {
    for (const [channel, sessions] of [...this.#subscribers.shardChannels]) {
      if (!slots.has(slotOfKey(channel))) continue;
      for (const session of [...sessions]) {
        this.unsubscribe(session, 'shardChannels', channel);
        session.notify((sink) => {
          sink.push(3);
          sink.bulk('sunsubscribe');
          sink.bulk(channel);
          sink.integer(session.subscriptions.shardChannels.size);
        });
      }
    }
  }

  subscribers(kind: Kind): ReadonlyMap<string, ReadonlySet<Session>> {
    return this.#subscribers[kind];
  }

  /** @returns how many subscriptions it reached. */
  deliver(channel: string, message: string, sharded: boolean): number {
    const direct = this.#subscribers[sharded ? 'shardChannels' : 'channels'].get(channel);
    const word = sharded ? 'smessage' : 'message';
    for (const session of direct ?? []) {
      session.notify((sink) => {
        sink.push(3);
        sink.bulk(word);
        sink.bulk(channel);
        sink.bulk(message);
      });
    }
    let reached = direct?.size ?? 0;
    if (sharded) return reached;
    for (const [pattern, sessions] of this.#subscribers.patterns) {
      if (!this.#compiled.get(pattern)!.matches(channel)) continue;
      for (const session of sessions) {
        session.notify((sink) => {
          sink.push(4);
          sink.bulk('pmessage');
          sink.bulk(pattern);
          sink.bulk(channel);
          sink.bulk(message);
        });
      }
      reached += sessions.size;
    }
    return reached;
  }
}
