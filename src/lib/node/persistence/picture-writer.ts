/** The form a picture of the data is written in, and the usual one: an RDB file. */
import { type RdbBody, RdbWriter } from '../../wire/rdb/writer.js';
import { RDB_TYPE_OF } from '../store/rdb-body.js';
import type { Collection } from '../store/value.js';

/** `expireAtMs` is undefined for a key without expiry. */
export interface PictureWriter extends RdbBody {
  selectDb(db: number, keys: number, expiring: number): void;
  string(key: string, value: string, expireAtMs: number | undefined): void;
  /** Its body follows, and `endCollection` then. */
  beginCollection(kind: Collection['kind'], key: string, expireAtMs: number | undefined): void;
  endCollection(): void;
  end(): void;
}

export class RdbPicture extends RdbWriter implements PictureWriter {
  beginCollection(kind: Collection['kind'], key: string, expireAtMs: number | undefined): void {
    this.record(RDB_TYPE_OF[kind], key, expireAtMs);
  }

  endCollection(): void {
    // Its length, said at its begin, says where it ends.
  }
}
