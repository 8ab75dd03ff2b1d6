/**
 * Seeded chance. Whatever decides draws from a `Prng` that is part of its state, so a run can be
 * repeated from its seed. The generator is sfc32: small, fast, and good enough for jitter and ids.
 */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** @param seed any 32-bit integers; the same words give the same sequence. */
  constructor(...seed: readonly number[]) {
    this.#a = (seed[0] ?? 0x9e3779b9) | 0;
    this.#b = (seed[1] ?? 0x243f6a88) | 0;
    this.#c = (seed[2] ?? 0xb7e15162) | 0;
    this.#counter = 1;
    // Similar seeds give similar first words; a dozen rounds spread them.
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** 0..2^32-1 */
  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** An integer in 0..bound-1; bound at most 2^32. */
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }

  /** From 0 up to, and not including, 1. */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** `length` lowercase hex digits: node ids and replication ids take 40. */
  hex(length: number): string {
    let text = '';
    while (text.length < length) text += this.uint32().toString(16).padStart(8, '0');
    return text.slice(0, length);
  }
}
