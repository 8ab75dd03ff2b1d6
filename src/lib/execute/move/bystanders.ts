/**
 * The other primaries are told who owns a slot now. They would hear of it from the new owner; told at once,
 * they redirect clients rightly from the first moment. Nobody waits for them, and one that does not take
 * it is no failure: the cluster agrees at the end, or says why not.
 */
import { parseClusterNodes } from '../../cluster/nodes-reply.js';
import type { NodeAddress } from '../../cluster/model.js';
import { AssertionFailure, TribError } from '../../kernel/errors.js';
import type { NodeId } from '../../kernel/node-id.js';
import type { ExecutionContext } from '../context.js';
import type { SlotMove } from './moving.js';

export class Bystanders {
  readonly #context: ExecutionContext;
  readonly #primaries: ReadonlyMap<NodeId, NodeAddress>;
  readonly #told = new Set<Promise<void>>();

  private constructor(context: ExecutionContext, primaries: ReadonlyMap<NodeId, NodeAddress>) {
    this.#context = context;
    this.#primaries = primaries;
  }

  /** Primaries as a target of these moves knows them, without those that are dead. */
  static async of(moves: readonly SlotMove[], context: ExecutionContext): Promise<Bystanders> {
    const primaries = new Map<NodeId, NodeAddress>();
    const [first] = moves;
    if (!first) return new Bystanders(context, primaries);
    const [text] = await context.links.to(first.target.address).ask([['CLUSTER', 'NODES']]);
    if (text instanceof TribError) throw text;
    const said = parseClusterNodes(String(text));
    if (!said.ok) throw new TribError('PROTOCOL', said.error);
    for (const record of said.value.records.values()) {
      const { id, flags, host, port } = record;
      const isAway = flags.has('fail') || flags.has('handshake') || flags.has('noaddr');
      if (flags.has('master') && !isAway && host !== '') primaries.set(id, { host, port });
    }
    return new Bystanders(context, primaries);
  }

  tell({ source, target }: SlotMove, slots: readonly number[]): void {
    const words = slots.map((slot) => ['CLUSTER', 'SETSLOT', String(slot), 'NODE', target.id]);
    for (const [id, address] of this.#primaries) {
      if (id === source.id || id === target.id) continue;
      const told: Promise<void> = this.#context.links
        .to(address)
        .ask(words)
        .then(
          () => undefined,
          (error: unknown) => {
            if (error instanceof AssertionFailure) throw error;
          },
        )
        .finally(() => this.#told.delete(told));
      this.#told.add(told);
    }
  }

  /** When all have answered, or will not. */
  async heard(): Promise<void> {
    await Promise.all(this.#told);
  }
}
