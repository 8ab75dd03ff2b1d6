/** The `repl-*` directives and their kin, read once and again after each change. Times are in milliseconds. */
import type { ConfigWing } from '../../ports/wings.js';

const DIRECTIVES = [
  'repl-backlog-size',
  'repl-backlog-ttl',
  'repl-diskless-sync',
  'repl-diskless-sync-delay',
  'repl-diskless-sync-max-replicas',
  'repl-ping-replica-period',
  'repl-timeout',
  'min-replicas-to-write',
  'min-replicas-max-lag',
  'client-output-buffer-limit',
] as const;

export class ReplicationSettings {
  backlogBytes = 0;
  /** 0 keeps the backlog for ever. */
  backlogTtlMs = 0;
  /** Snapshots go straight to those replicas that find their end by a mark. */
  isDiskless = true;
  disklessDelayMs = 0;
  /** So many need not wait for others; 0: they do. */
  disklessReplicasMax = 0;
  pingPeriodMs = 0;
  timeoutMs = 0;
  goodReplicasWanted = 0;
  goodLagSeconds = 0;
  outputHardBytes = 0;
  outputSoftBytes = 0;
  outputSoftMs = 0;
  readonly #config: ConfigWing;

  constructor(config: ConfigWing, onChange: () => void) {
    this.#config = config;
    this.#read();
    for (const name of DIRECTIVES) {
      config.onChange(name, () => {
        this.#read();
        onChange();
      });
    }
  }

  #read(): void {
    const config = this.#config;
    this.backlogBytes = config.number('repl-backlog-size');
    this.backlogTtlMs = config.number('repl-backlog-ttl') * 1000;
    this.isDiskless = config.boolean('repl-diskless-sync');
    this.disklessDelayMs = config.number('repl-diskless-sync-delay') * 1000;
    this.disklessReplicasMax = config.number('repl-diskless-sync-max-replicas');
    this.pingPeriodMs = config.number('repl-ping-replica-period') * 1000;
    this.timeoutMs = config.number('repl-timeout') * 1000;
    this.goodReplicasWanted = config.number('min-replicas-to-write');
    this.goodLagSeconds = config.number('min-replicas-max-lag');
    const [hard, soft, seconds] = outputLimit(config.get('client-output-buffer-limit') ?? '');
    // A replica may always leave as much unread as a backlog would have kept for it.
    this.outputHardBytes = hard === 0 ? 0 : Math.max(hard, this.backlogBytes);
    this.outputSoftBytes = soft;
    this.outputSoftMs = seconds * 1000;
  }
}

/** `normal 0 0 0 slave 268435456 67108864 60 pubsub ...`: class, hard, soft, seconds. */
function outputLimit(text: string): [hard: number, soft: number, seconds: number] {
  const words = text.split(' ');
  const at = words.findIndex((word) => word === 'slave' || word === 'replica');
  if (at < 0) return [0, 0, 0];
  return [Number(words[at + 1]), Number(words[at + 2]), Number(words[at + 3])];
}
