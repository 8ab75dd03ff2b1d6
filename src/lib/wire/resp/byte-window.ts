/**
 * The unread part of an incoming stream. A chunk is borrowed while it is being read; what is left at the
 * end is copied by `keep`, because sockets may reuse their buffers. The copy grows by doubling as bytes
 * really arrive, never by what a peer merely announces.
 */
export class ByteWindow {
  protected buffer: Buffer = EMPTY;
  protected at = 0;
  protected end = 0;
  #isOwned = false;
  #consumedBefore = 0;

  /** Bytes consumed since the beginning: whole requests, whole replies. */
  get consumedBytes(): number {
    return this.#consumedBefore + this.at;
  }

  /** Bytes that arrived and are not yet consumed. */
  get pendingBytes(): number {
    return this.end - this.at;
  }

  /** @param length how much of the chunk counts */
  push(chunk: Buffer, length = chunk.length): void {
    if (this.at === this.end) {
      this.#consumedBefore += this.at;
      this.buffer = chunk;
      this.at = 0;
      this.end = length;
      this.#isOwned = false;
      return;
    }
    this.#reserve(length);
    chunk.copy(this.buffer, this.end, 0, length);
    this.end += length;
  }

  /** Stop borrowing the chunk: call when its owner may reuse it. */
  keep(): void {
    if (this.#isOwned) return;
    if (this.at === this.end) {
      this.#consumedBefore += this.at;
      this.buffer = EMPTY;
      this.at = 0;
      this.end = 0;
    } else {
      this.#reserve(0);
    }
  }

  /** Take every pending byte out: the stream goes on in another format. */
  takeRest(): Buffer {
    const rest = Buffer.from(this.buffer.subarray(this.at, this.end));
    this.at = this.end;
    return rest;
  }

  #reserve(more: number): void {
    const pending = this.end - this.at;
    if (this.#isOwned && this.end + more <= this.buffer.length) return;
    // Half-empty after sliding down is good enough; otherwise double, so that copying stays linear.
    const slidesDown = this.#isOwned && 2 * (pending + more) <= this.buffer.length;
    const target = slidesDown
      ? this.buffer
      : Buffer.allocUnsafeSlow(Math.max(2 * (pending + more), 1024));
    this.buffer.copy(target, 0, this.at, this.end);
    this.#consumedBefore += this.at;
    this.buffer = target;
    this.at = 0;
    this.end = pending;
    this.#isOwned = true;
  }
}

const EMPTY = Buffer.alloc(0);
