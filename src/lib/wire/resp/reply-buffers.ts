/**
 * Memory that replies gather in, lent to a writer while it has something to say. Two sizes: most turns of
 * most clients fit into the small one; who says more goes on in large ones. What was written is given back,
 * so a thousand idle clients hold nothing, and a busy node does not feed the garbage collector.
 */

export const SMALL_BYTES = 4 * 1024;
export const LARGE_BYTES = 64 * 1024;

/** More than a turn needs at once, unless a thousand clients were answered in it. */
const KEPT_MAX = { small: 256, large: 32 } as const;

export class ReplyBuffers {
  readonly #small: Buffer[] = [];
  readonly #large: Buffer[] = [];

  small(): Buffer {
    return this.#small.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
  }

  large(): Buffer {
    return this.#large.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
  }

  /** Nobody looks at it any more. Buffers of other sizes are left to the garbage collector. */
  giveBack(buffer: Buffer): void {
    if (buffer.length === SMALL_BYTES) {
      if (this.#small.length < KEPT_MAX.small) this.#small.push(buffer);
    } else if (buffer.length === LARGE_BYTES && this.#large.length < KEPT_MAX.large) {
      this.#large.push(buffer);
    }
  }
}
