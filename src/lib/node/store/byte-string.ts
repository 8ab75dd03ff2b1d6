/**
 * A string that is being changed byte by byte. JavaScript strings cannot be, so SETBIT on one of twelve
 * megabytes would copy them all each time; here the bytes are copied once and then changed in place, and once
 * more when somebody wants the whole string (see `Entry.value`).
 */

/** Room for so much more at least; beyond, half of what there is. */
const GROWTH_BYTES_MIN = 1024;

export class ByteString {
  #bytes: Buffer;
  #length: number;

  constructor(latin1: string) {
    this.#length = latin1.length;
    this.#bytes = Buffer.allocUnsafeSlow(latin1.length);
    this.#bytes.latin1Write(latin1);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes from `from` up to `to`, both within the string; not to be kept beyond the next change. */
  view(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from, to);
  }

  /** As `view`, as text. */
  text(from = 0, to = this.#length): string {
    return this.#bytes.latin1Slice(from, to);
  }

  /** Overwrites from `offset` on; a string that is too short grows, by zeros up to there. */
  write(offset: number, latin1: string): void {
    const length = Math.max(this.#length, offset + latin1.length);
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.latin1Write(latin1, offset);
    this.#length = length;
  }

  #grow(length: number): void {
    const room = Math.max(GROWTH_BYTES_MIN, this.#bytes.length >> 1);
    const bytes = Buffer.alloc(Math.max(length, this.#bytes.length + room));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}
