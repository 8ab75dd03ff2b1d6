/** What every side of a node stands on: settings, data, clocks, chance, and the way out when a promise breaks. */
import { randomBytes } from 'node:crypto';
import { Prng } from '../../../kernel/prng.js';
import type { Configuration } from '../../config/configuration.js';
import { ServerStats } from '../../ports/stats.js';
import type { Log } from '../../ports/wings.js';
import { Keyspace } from '../../store/keyspace.js';
import { CallClock } from '../call-clock.js';
import { ClientRules } from '../client-rules.js';
import { followLayout } from '../layout-rules.js';
import { NodeTls } from '../tls/node-tls.js';
import { Turn } from '../turn.js';
import type { AssemblyOptions } from './options.js';

export interface Ground {
  readonly config: Configuration;
  readonly log: Log;
  readonly keyspace: Keyspace;
  readonly rules: ClientRules;
  readonly tls: NodeTls;
  readonly stats: ServerStats;
  readonly clock: CallClock;
  readonly prng: Prng;
  readonly turn: Turn;
  readonly nowMs: () => number;
  readonly nowMicros: () => number;
  /** The node cannot keep its word any more, and ends at once. */
  readonly onFatal: (reason: string) => void;
}

/** @throws TribError BAD_CONFIG */
export function layGround(options: AssemblyOptions, onFatal: (reason: string) => void): Ground {
  const { config, log } = options;
  const prng = new Prng(...new Uint32Array(randomBytes(12).buffer.slice(0, 12)));
  const stats = new ServerStats();
  const nowMs = Date.now;
  const nowMicros = (): number => performance.now() * 1000;
  const keyspace = new Keyspace({
    databases: databaseCount(config),
    indexesSlots: config.boolean('cluster-enabled'),
    chance: () => prng.fraction(),
  });
  const rules = new ClientRules(config);
  const tls = new NodeTls({ ...options, isServed: options.anyPort === 'tls' });
  followLayout(config, keyspace.layout);
  const clock = new CallClock({ stats, nowMs, nowMicros });
  const turn = new Turn(onFatal);
  return {
    config,
    log,
    keyspace,
    rules,
    tls,
    stats,
    clock,
    prng,
    turn,
    nowMs,
    nowMicros,
    onFatal,
  };
}

function databaseCount(config: Configuration): number {
  if (!config.boolean('cluster-enabled')) return config.number('databases');
  return Number(config.get('cluster-databases') ?? 1);
}
