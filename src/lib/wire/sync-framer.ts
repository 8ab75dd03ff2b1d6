/**
 * A snapshot on its way from a server, after PSYNC: one line that answers, line ends to keep the connection
 * alive, then the snapshot, either `$length` bytes, or, when it is not on the primary's disk, bytes up to a
 * mark of 40 that `$EOF:` has announced. Nothing outlives a framer: the next server may use the other form.
 */
import { TribError } from '../kernel/errors.js';
import { INLINE_BYTES_MAX } from '../kernel/limits.js';

export type SyncPiece =
  /** A reply of one line, without its end. */
  | { readonly kind: 'line'; readonly text: string }
  /** Bytes of the snapshot; a view of what was pushed. */
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' };

const MARK_BYTES = 40;
const LINE_FEED = 10;

export class SyncFramer {
  #rest: Buffer = Buffer.alloc(0);
  #state:
    | { readonly kind: 'lines' }
    | { readonly kind: 'counted'; left: number }
    | { readonly kind: 'marked'; readonly mark: Buffer }
    | { readonly kind: 'done' } = { kind: 'lines' };

  /** @throws TribError PROTOCOL for what is no snapshot */
  *push(chunk: Buffer): Generator<SyncPiece, void, undefined> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const { kind } = this.#state;
      if (kind === 'done') return;
      const piece = kind === 'lines' ? this.#line() : this.#data();
      if (piece === undefined) return;
      if (piece !== 'silent') yield piece;
    }
  }

  #line(): SyncPiece | 'silent' | undefined {
    const end = this.#rest.indexOf(LINE_FEED);
    if (end < 0) {
      if (this.#rest.length > INLINE_BYTES_MAX) throw noSnapshot('a line without an end');
      return undefined;
    }
    const text = this.#rest.latin1Slice(0, end).replace(/\r$/, '');
    this.#rest = this.#rest.subarray(end + 1);
    if (text === '') return 'silent';
    if (!text.startsWith('$')) return { kind: 'line', text };
    const mark = /^\$EOF:(.{40})$/s.exec(text)?.[1];
    const digits = /^\$(\d+)$/.exec(text)?.[1];
    if (mark !== undefined) this.#state = { kind: 'marked', mark: Buffer.from(mark, 'latin1') };
    else if (digits !== undefined) this.#state = { kind: 'counted', left: Number(digits) };
    else throw noSnapshot(JSON.stringify(text.slice(0, MARK_BYTES)));
    return 'silent';
  }

  #data(): SyncPiece | undefined {
    const state = this.#state;
    if (state.kind === 'counted') {
      if (state.left === 0) return this.#end();
      const bytes = this.#take(Math.min(state.left, this.#rest.length));
      state.left -= bytes?.bytes.length ?? 0;
      return bytes;
    }
    if (state.kind !== 'marked') return undefined;
    const at = this.#rest.indexOf(state.mark);
    if (at === 0) return this.#end();
    // Less than a mark may be the beginning of one.
    return this.#take(at > 0 ? at : this.#rest.length - (MARK_BYTES - 1));
  }

  #take(count: number): Extract<SyncPiece, { kind: 'data' }> | undefined {
    if (count <= 0) return undefined;
    const bytes = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return { kind: 'data', bytes };
  }

  #end(): SyncPiece {
    this.#state = { kind: 'done' };
    this.#rest = Buffer.alloc(0);
    return { kind: 'end' };
  }
}

function noSnapshot(found: string): TribError {
  return new TribError('PROTOCOL', `${found} where a snapshot should begin`);
}
