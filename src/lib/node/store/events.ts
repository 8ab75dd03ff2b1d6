/** Keyspace events: what happened to a key, in the classes that `notify-keyspace-events` chooses by. */

export type EventClass =
  'generic' | 'string' | 'list' | 'set' | 'hash' | 'zset' | 'expired' | 'evicted' | 'miss' | 'new';

/** @param event as clients hear it: `set`, `lpush`, `expired` */
export type EventListener = (kind: EventClass, event: string, db: number, key: string) => void;
