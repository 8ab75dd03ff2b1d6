/**
 * The last part of the replication stream, kept so that a replica whose link broke can go on where it
 * stopped. A ring of blocks: memory grows with what was written, up to the configured size, because a
 * hundred idle nodes in one process must not cost a hundred megabytes.
 *
 * Offsets count the bytes of the stream from 1, as on the wire.
 */

const BLOCK_BYTES = 16 * 1024;

export class Backlog {
  /** Full blocks and one that is being filled. */
  readonly #blocks: Buffer[] = [];
  #headOffset: number;
  #nextOffset: number;
  #sizeBytes: number;

  /** @param nextOffset the offset the next byte will have. */
  constructor(sizeBytes: number, nextOffset: number) {
    this.#sizeBytes = sizeBytes;
    this.#headOffset = nextOffset;
    this.#nextOffset = nextOffset;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Offset of the oldest byte still here. */
  get firstOffset(): number {
    return Math.max(this.#headOffset, this.#nextOffset - this.#sizeBytes);
  }

  /** Bytes still here. */
  get historyBytes(): number {
    return this.#nextOffset - this.firstOffset;
  }

  /** Grows with what was written, up to the size and one block. */
  get memoryBytes(): number {
    return this.#blocks.length * BLOCK_BYTES;
  }

  append(bytes: Uint8Array): void {
    let from = 0;
    while (from < bytes.length) {
      const used = (this.#nextOffset - this.#headOffset) % BLOCK_BYTES;
      if (used === 0) this.#blocks.push(Buffer.allocUnsafeSlow(BLOCK_BYTES));
      const count = Math.min(BLOCK_BYTES - used, bytes.length - from);
      this.#blocks.at(-1)!.set(bytes.subarray(from, from + count), used);
      from += count;
      this.#nextOffset += count;
      this.#trim();
    }
  }

  /** Can the stream go on at this offset? The offset just behind the newest byte can. */
  holds(offset: number): boolean {
    return offset >= this.firstOffset && offset <= this.#nextOffset;
  }

  /** Copies of all bytes from an offset on that it `holds`. */
  read(offset: number): Buffer[] {
    const copies: Buffer[] = [];
    let at = offset;
    while (at < this.#nextOffset) {
      const index = Math.floor((at - this.#headOffset) / BLOCK_BYTES);
      const blockOffset = this.#headOffset + index * BLOCK_BYTES;
      const end = Math.min(this.#nextOffset, blockOffset + BLOCK_BYTES);
      copies.push(Buffer.from(this.#blocks[index]!.subarray(at - blockOffset, end - blockOffset)));
      at = end;
    }
    return copies;
  }

  resize(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
    this.#trim();
  }

  /** Whole blocks go once nothing in them counts any more. */
  #trim(): void {
    while (this.#blocks.length > 1 && this.#headOffset + BLOCK_BYTES <= this.firstOffset) {
      this.#blocks.shift();
      this.#headOffset += BLOCK_BYTES;
    }
  }
}
