/** Work that needs some nodes for itself alone waits until nobody else has any of them. */
import type { NodeId } from '../../kernel/node-id.js';

export class Turns {
  readonly #busy = new Map<NodeId, Promise<void>>();

  async take<T>(nodes: readonly NodeId[], work: () => Promise<T>): Promise<T> {
    for (;;) {
      const others = nodes.flatMap((node) => this.#busy.get(node) ?? []);
      if (others.length === 0) break;
      await Promise.all(others);
    }
    const result = work();
    const over = result.then(
      () => undefined,
      () => undefined,
    );
    for (const node of nodes) this.#busy.set(node, over);
    try {
      return await result;
    } finally {
      for (const node of nodes) if (this.#busy.get(node) === over) this.#busy.delete(node);
    }
  }
}
