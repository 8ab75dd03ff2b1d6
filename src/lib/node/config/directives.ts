/** Every directive of redis-server 7.0, those of other personas, and how to find one by name or older spelling. */
import type { Directive } from './directive.js';
import { CLUSTER_DIRECTIVES } from './directives/cluster.js';
import { GENERAL_DIRECTIVES } from './directives/general.js';
import { MEMORY_DIRECTIVES } from './directives/memory.js';
import { NETWORK_DIRECTIVES } from './directives/network.js';
import { PERSONA_DIRECTIVES } from './directives/persona.js';
import { PERSISTENCE_DIRECTIVES } from './directives/persistence.js';
import { REPLICATION_DIRECTIVES } from './directives/replication.js';
import { TLS_DIRECTIVES } from './directives/tls.js';

/** Those of redis-server 7.0. */
export const DIRECTIVES: readonly Directive[] = [
  ...NETWORK_DIRECTIVES,
  ...GENERAL_DIRECTIVES,
  ...MEMORY_DIRECTIVES,
  ...PERSISTENCE_DIRECTIVES,
  ...REPLICATION_DIRECTIVES,
  ...CLUSTER_DIRECTIVES,
  ...TLS_DIRECTIVES,
];

export { PERSONA_DIRECTIVES };

export const ALL_DIRECTIVES: readonly Directive[] = [...DIRECTIVES, ...PERSONA_DIRECTIVES];

const byName: ReadonlyMap<string, Directive> = new Map(
  ALL_DIRECTIVES.flatMap((directive) => [
    [directive.name, directive],
    ...(directive.alias === undefined ? [] : [[directive.alias, directive] as const]),
  ]),
);

/** By name or alias, in any case. */
export function findDirective(name: string): Directive | undefined {
  return byName.get(name) ?? byName.get(name.toLowerCase());
}
