/**
 * Which history of writes a node holds: the replication id names the history, and the previous id with
 * its end says which older history it continues. A promoted replica keeps both, so that its siblings can
 * go on from their offset without copying everything.
 */

export interface ReplicationIdentity {
  /** 40 hex digits. */
  readonly id: string;
  /** 40 zeros when there is none. */
  readonly previousId: string;
  /** The first offset that is no longer shared with the previous id; -1 when there is none. */
  readonly previousEnd: number;
}

const NO_ID = '0'.repeat(40);

export function newIdentity(id: string): ReplicationIdentity {
  return { id, previousId: NO_ID, previousEnd: -1 };
}

/** A new history begins after `offset`, continuing the old one: a promotion, or a primary that was promoted. */
export function shiftIdentity(
  old: ReplicationIdentity,
  id: string,
  offset: number,
): ReplicationIdentity {
  return { id, previousId: old.id, previousEnd: offset + 1 };
}

/** May the holder of `id` up to `offset - 1` go on with our stream, as far as histories are concerned? */
export function sharesHistory(identity: ReplicationIdentity, id: string, offset: number): boolean {
  const asked = id.toLowerCase();
  if (asked === identity.id) return true;
  return asked === identity.previousId && offset <= identity.previousEnd;
}
