/** Who owns which slot of the target cluster, asked again when a node says that it is somebody else. */
import type { ClusterView } from '../cluster/model.js';
import { ownershipOf, type Ownership } from '../cluster/ownership.js';
import { membersOf } from '../cluster/view.js';
import { AssertionFailure, TribError } from '../kernel/errors.js';
import { slotOfKey } from '../kernel/slot.js';
import { refOfMember } from '../plan/node-ref.js';
import type { NodeRef } from '../plan/plan.js';
import type { ExecutionContext } from './context.js';
import { observe } from './observe.js';
import { pause } from './wait.js';

/** Between two looks: gossip needs a moment, and many lanes may ask at once. */
const PAUSE_MS = 100;

export class Owners {
  readonly #context: ExecutionContext;
  #view: ClusterView;
  #ownership: Ownership;
  #looking: Promise<void> | undefined;

  constructor(view: ClusterView, context: ExecutionContext) {
    this.#context = context;
    this.#view = view;
    this.#ownership = ownershipOf(view);
  }

  /** @returns undefined while nobody owns its slot. @param key latin1 */
  of(key: string): NodeRef | undefined {
    const owner = this.#ownership.ownerOf[slotOfKey(key)];
    return owner && refOfMember(owner);
  }

  /** Looks again; those who ask while a look is under way share it. */
  refresh(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    await pause(PAUSE_MS, this.#context.signal);
    for (const { address, claim } of membersOf(this.#view)) {
      if (!claim) continue;
      try {
        this.#view = await observe(this.#context.links, address, { withoutFacts: true });
        this.#ownership = ownershipOf(this.#view);
        return;
      } catch (error) {
        if (error instanceof AssertionFailure || !(error instanceof TribError)) throw error;
        // The next one may know; when none does, the old map stands until the deadline.
      }
    }
  }
}
