/**
 * Where in a row each name stands. Many names are spread over many maps: one large `Map` stands still while it
 * grows, and ends, with an error that nobody expects, at sixteen million.
 */
import { PART_COUNT, partOf } from './name-parts.js';

/** To spread so many takes a few milliseconds, once. */
const WHOLE_MAX = 16 * 1024;

export class PlaceMap {
  #whole: Map<string, number> | undefined;
  #parts: readonly Map<string, number>[] | undefined;

  /** @param names all different */
  constructor(names: readonly string[]) {
    if (names.length > WHOLE_MAX) this.#parts = newParts();
    else this.#whole = new Map();
    names.forEach((name, place) => this.set(name, place));
  }

  get(name: string): number | undefined {
    return this.#mapOf(name).get(name);
  }

  set(name: string, place: number): void {
    const map = this.#mapOf(name);
    map.set(name, place);
    if (map === this.#whole && map.size > WHOLE_MAX) this.#spread(map);
  }

  delete(name: string): void {
    this.#mapOf(name).delete(name);
  }

  #mapOf(name: string): Map<string, number> {
    return this.#whole ?? this.#parts![partOf(name)]!;
  }

  #spread(whole: ReadonlyMap<string, number>): void {
    this.#parts = newParts();
    this.#whole = undefined;
    for (const [name, place] of whole) this.set(name, place);
  }
}

function newParts(): readonly Map<string, number>[] {
  return Array.from({ length: PART_COUNT }, () => new Map<string, number>());
}
