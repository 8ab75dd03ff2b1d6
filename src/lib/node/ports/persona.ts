/**
 * Whom the node plays: which server's version it tells, which of its commands it has, and which of its
 * directives it takes. The formats on disk and on the wire are those of 7.0 for all of them.
 */

export const PERSONA_NAMES = ['redis-7.0', 'redis-8.4', 'valkey-9'] as const;

export type PersonaName = (typeof PERSONA_NAMES)[number];

export interface Persona {
  readonly name: PersonaName;
  readonly server: 'redis' | 'valkey';
  /** The version of that server. */
  readonly version: string;
  /** INFO's `redis_version`: Valkey tells the last one it is compatible with. */
  readonly redisVersion: string;
  /** Whole slots move at once, and by whose commands: those of the source, or those of the destination. */
  readonly slotTransfer: 'none' | 'from-source' | 'from-destination';
  readonly hasSlotStats: boolean;
  /** SETSLOT reaches the replicas before it takes effect. */
  readonly replicatesSetSlot: boolean;
}

const PERSONAS: Readonly<Record<PersonaName, Persona>> = {
  'redis-7.0': {
    name: 'redis-7.0',
    server: 'redis',
    version: '7.0.15',
    redisVersion: '7.0.15',
    slotTransfer: 'none',
    hasSlotStats: false,
    replicatesSetSlot: false,
  },
  'redis-8.4': {
    name: 'redis-8.4',
    server: 'redis',
    version: '8.4.0',
    redisVersion: '8.4.0',
    slotTransfer: 'from-destination',
    hasSlotStats: true,
    replicatesSetSlot: false,
  },
  'valkey-9': {
    name: 'valkey-9',
    server: 'valkey',
    version: '9.0.0',
    redisVersion: '7.2.4',
    slotTransfer: 'from-source',
    hasSlotStats: true,
    replicatesSetSlot: true,
  },
};

/** The persona a configuration names; without a word it is the plain 7.0. */
export function personaOf(config: { get(name: string): string | undefined }): Persona {
  return personaNamed((config.get('persona') ?? 'redis-7.0') as PersonaName);
}

export const personaNamed = (name: PersonaName): Persona => PERSONAS[name];
