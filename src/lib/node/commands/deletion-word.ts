/** How a deletion that nobody typed is told to replicas: real servers say UNLINK where theirs was lazy. */
import type { ConfigWing } from '../ports/wings.js';

const DIRECTIVE_OF = {
  expire: 'lazyfree-lazy-expire',
  'user-del': 'lazyfree-lazy-user-del',
  'server-del': 'lazyfree-lazy-server-del',
  eviction: 'lazyfree-lazy-eviction',
} as const;

export type DeletionCause = keyof typeof DIRECTIVE_OF;

export function deletionWord(
  config: Pick<ConfigWing, 'boolean'>,
  cause: DeletionCause,
): 'DEL' | 'UNLINK' {
  return config.boolean(DIRECTIVE_OF[cause]) ? 'UNLINK' : 'DEL';
}
