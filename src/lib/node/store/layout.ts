/**
 * How large a collection may grow before a real server lays it out in another way. Nothing here depends on
 * the layout but what OBJECT ENCODING says of it, and clients that watch that; as there, a collection that
 * has outgrown its small form never goes back.
 */

/** One object per keyspace; the server sets its fields from the directives of the same names. */
export interface LayoutLimits {
  hashListpackEntries: number;
  hashListpackValueBytes: number;
  setIntsetEntries: number;
  zsetListpackEntries: number;
  zsetListpackValueBytes: number;
}

/** As redis.conf has them. */
export function defaultLayout(): LayoutLimits {
  return {
    hashListpackEntries: 512,
    hashListpackValueBytes: 64,
    setIntsetEntries: 512,
    zsetListpackEntries: 128,
    zsetListpackValueBytes: 64,
  };
}
