/** What the configuration demands of clients, read once and again when it changes: the hot path tests fields. */
import { STRING_BYTES_MAX } from '../../kernel/limits.js';
import type { ConfigWing } from '../ports/wings.js';

export type ClientKind = 'normal' | 'pubsub' | 'replica';

/** What a client may leave unread: never more than the one, and more than the other for so long. 0 is no limit. */
export interface OutputLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softMs: number;
}

const NO_LIMIT: OutputLimit = { hardBytes: 0, softBytes: 0, softMs: 0 };

export class ClientRules {
  readonly #config: ConfigWing;
  hasPassword = false;
  isProtected = true;
  clientsMax = 0;
  idleSeconds = 0;
  keepaliveSeconds = 0;
  bulkBytesMax = 0;
  queryBytesMax = 0;
  #outputLimits: Readonly<Record<ClientKind, OutputLimit>> = {
    normal: NO_LIMIT,
    pubsub: NO_LIMIT,
    replica: NO_LIMIT,
  };

  constructor(config: ConfigWing) {
    this.#config = config;
    this.#read();
    for (const name of DIRECTIVES) config.onChange(name, () => this.#read());
  }

  outputLimit(kind: ClientKind): OutputLimit {
    return this.#outputLimits[kind];
  }

  #read(): void {
    const config = this.#config;
    this.hasPassword = (config.get('requirepass') ?? '') !== '';
    this.isProtected = config.boolean('protected-mode');
    this.clientsMax = config.number('maxclients');
    this.idleSeconds = config.number('timeout');
    this.keepaliveSeconds = config.number('tcp-keepalive');
    this.bulkBytesMax = Math.min(config.number('proto-max-bulk-len'), STRING_BYTES_MAX);
    this.queryBytesMax = config.number('client-query-buffer-limit');
    this.#outputLimits = parseOutputLimits(
      config.get('client-output-buffer-limit') ?? '',
      config.number('repl-backlog-size'),
    );
  }
}

const DIRECTIVES = [
  'requirepass',
  'protected-mode',
  'maxclients',
  'timeout',
  'tcp-keepalive',
  'proto-max-bulk-len',
  'client-query-buffer-limit',
  'client-output-buffer-limit',
  'repl-backlog-size',
] as const;

/** `normal 0 0 0 slave 268435456 67108864 60 pubsub ...`: class, hard, soft, seconds. */
function parseOutputLimits(text: string, backlogBytes: number): Record<ClientKind, OutputLimit> {
  const words = text.split(' ');
  const limits = { normal: NO_LIMIT, pubsub: NO_LIMIT, replica: NO_LIMIT };
  for (let at = 0; at + 3 < words.length; at += 4) {
    const [word, hard, soft, seconds] = words.slice(at, at + 4);
    const kind = word === 'slave' ? 'replica' : (word as ClientKind);
    const hardBytes = Number(hard);
    // A replica may always leave as much unread as a backlog would have kept for it.
    const isRaised = kind === 'replica' && hardBytes > 0;
    limits[kind] = {
      hardBytes: isRaised ? Math.max(hardBytes, backlogBytes) : hardBytes,
      softBytes: Number(soft),
      softMs: Number(seconds) * 1000,
    };
  }
  return limits;
}
