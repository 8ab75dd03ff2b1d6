/** Who waits until when: the earliest first. A binary heap; those who stopped waiting leave it when met. */

export interface Deadline {
  readonly deadlineMs: number;
  /** No longer waits: its deadline means nothing any more. */
  readonly isOver: boolean;
}

/** Below this nobody minds the dead. */
const DEAD_TOLERATED = 64;

export class Deadlines<T extends Deadline> {
  #heap: T[] = [];
  #dead = 0;

  add(one: T): void {
    const heap = this.#heap;
    let at = heap.push(one) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.deadlineMs <= one.deadlineMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = one;
  }

  /** Call after an `isOver` became true: clients that are served again and again must not pile up here. */
  noteOver(): void {
    this.#dead++;
    if (this.#dead <= DEAD_TOLERATED || this.#dead <= this.#heap.length >> 1) return;
    const living = this.#heap.filter((one) => !one.isOver);
    // A sorted row is a heap.
    this.#heap = living.sort((a, b) => a.deadlineMs - b.deadlineMs);
    this.#dead = 0;
  }

  /** When the next deadline is due; undefined without any. */
  get nextMs(): number | undefined {
    while (this.#heap[0]?.isOver) this.#drop();
    return this.#heap[0]?.deadlineMs;
  }

  /** One whose time has come; it leaves. */
  takeDue(nowMs: number): T | undefined {
    const nextMs = this.nextMs;
    if (nextMs === undefined || nextMs > nowMs) return undefined;
    const due = this.#heap[0];
    this.#removeFirst();
    return due;
  }

  #drop(): void {
    this.#removeFirst();
    this.#dead--;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && heap[child + 1]!.deadlineMs < heap[child]!.deadlineMs) child++;
      if (heap[child]!.deadlineMs >= last.deadlineMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
