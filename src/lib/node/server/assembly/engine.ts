/** What runs commands: the rules they are held against, room made for their data, and the way to them. */
import type { Wings } from '../../ports/wings.js';
import { Admission } from '../admission.js';
import { CommandRunner } from '../command-runner.js';
import type { CommandTable } from '../command-table.js';
import { Dispatcher } from '../dispatcher.js';
import { Eviction } from '../eviction.js';
import type { Appender, WriteTap } from '../propagation.js';
import { ServingRules } from '../serving-rules.js';
import type { Clients } from './clients.js';
import type { Ground } from './ground.js';

export interface Engine {
  readonly rules: ServingRules;
  readonly runner: CommandRunner;
  readonly eviction: Eviction;
  readonly dispatcher: Dispatcher;
}

export interface EngineOptions {
  readonly table: CommandTable;
  readonly wings: Wings;
  readonly appender: Appender;
  /** Present where slots can move whole. */
  readonly tap: WriteTap | undefined;
}

export function assembleEngine(ground: Ground, clients: Clients, options: EngineOptions): Engine {
  const { keyspace, stats, prng, clock, nowMs, nowMicros } = ground;
  const { sessions, pauses, waiting, heldKeys, heldSlots, blocked } = clients;
  const { table, wings, appender, tap } = options;
  const rules = new ServingRules(wings);
  const runner = new CommandRunner({
    wings,
    rules,
    pauses,
    keyspace,
    sessions,
    monitors: sessions.monitors,
    blocked,
    appender,
    tap,
    prng,
    clock,
    nowMs,
  });
  const eviction = new Eviction({
    keyspace,
    wings,
    prng,
    propagate: (db, argv) => runner.propagateAlone(db, argv),
    mayEvict: () => rules.loading === undefined && !runner.isPaused,
    nowMs,
    nowMicros,
  });
  const dispatcher = new Dispatcher({
    table,
    admission: new Admission({
      wings,
      rules,
      pauses,
      eviction,
      heldKeys,
      heldSlots,
      nowMs,
    }),
    runner,
    sessions,
    stats,
    postpone: (connection, argv) => waiting.postpone(connection, argv),
  });
  return { rules, runner, eviction, dispatcher };
}
