/** How a deletion that nobody typed is told to replicas: real servers say UNLINK where theirs was lazy. */
import type { ConfigWing } from '../ports/wings.js';

export type DeletionCause = 'expire' | 'user-del' | 'server-del' | 'eviction';

export function deletionWord(
  config: Pick<ConfigWing, 'boolean'>,
  cause: DeletionCause,
): 'DEL' | 'UNLINK' {
  return config.boolean(`lazyfree-lazy-${cause}`) ? 'UNLINK' : 'DEL';
}
