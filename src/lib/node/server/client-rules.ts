/** What the configuration demands of clients, read once and again when it changes: the hot path tests fields. */
import { STRING_BYTES_MAX } from '../../kernel/limits.js';
import type { ConfigWing } from '../ports/wings.js';

export type ClientKind = 'normal' | 'pubsub' | 'replica';

interface OutputLimit {
  readonly hardBytes: number;
}

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
    normal: { hardBytes: 0 },
    pubsub: { hardBytes: 0 },
    replica: { hardBytes: 0 },
  };

  constructor(config: ConfigWing) {
    this.#config = config;
    this.#read();
    for (const name of DIRECTIVES) config.onChange(name, () => this.#read());
  }

  /** Bytes a client of this kind may leave unread; 0 is any number. */
  outputBytesMax(kind: ClientKind): number {
    return this.#outputLimits[kind].hardBytes;
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
    this.#outputLimits = parseOutputLimits(config.get('client-output-buffer-limit') ?? '');
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
] as const;

/** `normal 0 0 0 slave 268435456 67108864 60 pubsub ...`: class, hard, soft, seconds. */
function parseOutputLimits(text: string): Record<ClientKind, OutputLimit> {
  const words = text.split(' ');
  const limits: Record<ClientKind, OutputLimit> = {
    normal: { hardBytes: 0 },
    pubsub: { hardBytes: 0 },
    replica: { hardBytes: 0 },
  };
  for (let at = 0; at + 3 < words.length; at += 4) {
    const word = words[at]!;
    const kind = word === 'slave' ? 'replica' : (word as ClientKind);
    limits[kind] = { hardBytes: Number(words[at + 1]) };
  }
  return limits;
}
