/**
 * Keys on their way to another node. Whoever wants one of them waits, whichever database it means: holding
 * a name in all databases costs a namesake a moment, and spares COPY and MOVE a rule of their own.
 */
export class HeldKeys {
  readonly #keys = new Set<string>();
  /** The hot path asks nothing else. */
  isAny = false;

  hold(keys: readonly string[]): void {
    for (const key of keys) this.#keys.add(key);
    this.isAny = this.#keys.size > 0;
  }

  release(keys: readonly string[]): void {
    for (const key of keys) this.#keys.delete(key);
    this.isAny = this.#keys.size > 0;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }
}
