/**
 * Keyspace events as messages: `notify-keyspace-events` says which classes are published, and whether on the
 * channel of the key (K), of the event (E), or on both. The store speaks only while somebody may listen.
 */
import type { ConfigWing } from '../ports/wings.js';
import type { EventClass } from '../store/events.js';
import type { Keyspace } from '../store/keyspace.js';

const LETTER_OF: Readonly<Record<EventClass, string>> = {
  generic: 'g',
  string: '$',
  list: 'l',
  set: 's',
  hash: 'h',
  zset: 'z',
  expired: 'x',
  evicted: 'e',
  miss: 'm',
  new: 'n',
};

/** What `A` stands for; misses and new keys must be asked for by their own letters. */
const ALL_CLASSES = 'g$lshzxet';

type Publish = (channel: string, message: string) => void;

export function publishKeyspaceEvents(
  keyspace: Keyspace,
  config: ConfigWing,
  publish: Publish,
): void {
  const refresh = (): void => {
    const letters = (config.get('notify-keyspace-events') ?? '').replace('A', ALL_CLASSES);
    const byKey = letters.includes('K');
    const byEvent = letters.includes('E');
    if (!byKey && !byEvent) {
      keyspace.onEvent = undefined;
      return;
    }
    keyspace.onEvent = (kind, event, db, key) => {
      if (!letters.includes(LETTER_OF[kind])) return;
      if (byKey) publish(`__keyspace@${db}__:${key}`, event);
      if (byEvent) publish(`__keyevent@${db}__:${event}`, key);
    };
  };
  refresh();
  config.onChange('notify-keyspace-events', refresh);
}
