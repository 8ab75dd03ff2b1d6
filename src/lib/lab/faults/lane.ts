/**
 * One direction of a connection: what is sent comes out at the other end in the same order, later or,
 * while the way is closed, not yet.
 */

export interface Passage {
  readonly isOpen: boolean;
  readonly delayMs: number;
}

interface Parcel<T> {
  readonly content: T;
  readonly dueMs: number;
}

export class Lane<T> {
  readonly #passage: () => Passage;
  readonly #deliver: (content: T) => void;
  readonly #underway: Parcel<T>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(passage: () => Passage, deliver: (content: T) => void) {
    this.#passage = passage;
    this.#deliver = deliver;
  }

  /** What is sent now would be delivered before `send` returns. */
  get isClear(): boolean {
    const { isOpen, delayMs } = this.#passage();
    return isOpen && delayMs === 0 && this.#underway.length === 0;
  }

  send(content: T): void {
    if (this.isClear) {
      this.#deliver(content);
      return;
    }
    this.#underway.push({ content, dueMs: performance.now() + this.#passage().delayMs });
    this.move();
  }

  /** Delivers what may arrive by now; to be called after the passage changed. */
  move(): void {
    clearTimeout(this.#timer);
    while (this.#passage().isOpen) {
      const [first] = this.#underway;
      if (first === undefined) return;
      const leftMs = first.dueMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.move(), leftMs);
        return;
      }
      this.#underway.shift();
      this.#deliver(first.content);
    }
  }

  /** Whatever is under way is lost. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#underway.length = 0;
  }
}
