/**
 * The end of a turn. A turn is what one round of the event loop brings: the chunks of all clients that were
 * readable, every command in them, and whatever those commands set off. Replies gather meanwhile. In the
 * check phase of the same round, so without any wait, the turn ends: first its hooks run, then everybody who
 * has something to send sends it.
 *
 * That makes one `fsync` serve all clients of a turn, and no client is told of a write before it is on disk:
 * a hook (the append-only file) is always through before the replies of its turn leave, also when some must
 * leave earlier (`settle`).
 */
import { guarded } from './fault.js';

/** Somebody who has something to send when the turn ends. */
export interface Sender {
  sendReplies(): void;
}

export class Turn {
  readonly #hooks: (() => void)[] = [];
  #senders: Sender[] = [];
  #immediate: NodeJS.Immediate | undefined;
  #isSettling = false;
  #isClosed = false;
  readonly #onFault: (reason: string) => void;

  /** @param onFault something threw: what was to be done before replies leave was not done */
  constructor(onFault: (reason: string) => void) {
    this.#onFault = onFault;
  }

  /**
   * Runs at the end of each turn, before any reply of it leaves, in the order of registration. It may run
   * more than once a turn, and when there is nothing to do, so it should find that out cheaply.
   */
  beforeReplies(hook: () => void): void {
    this.#hooks.push(hook);
  }

  /** `sender` sends at the end of this turn. Call once per turn and sender. */
  schedule(sender: Sender): void {
    if (this.#isClosed) return;
    this.#senders.push(sender);
    this.wake();
  }

  /** This turn has an end, whether or not anybody has something to send: for work that only hooks finish. */
  wake(): void {
    if (this.#immediate !== undefined || this.#isClosed) return;
    this.#immediate = setImmediate(this.#end);
  }

  /** Replies must leave now, before the turn ends: what stands before them is done first. */
  settle(): void {
    // What a hook itself sends (the stream to a replica) is no reply that could wait for it.
    if (this.#isSettling) return;
    this.#isSettling = true;
    try {
      for (const hook of this.#hooks) hook();
    } finally {
      this.#isSettling = false;
    }
  }

  /** The node stops: no turn ends any more. */
  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#immediate);
    this.#senders = [];
  }

  readonly #end = (): void => {
    this.#immediate = undefined;
    const senders = this.#senders;
    // What is scheduled from here on belongs to the next turn.
    this.#senders = [];
    guarded(() => {
      this.settle();
      for (const sender of senders) sender.sendReplies();
    }, this.#onFault);
  };
}
