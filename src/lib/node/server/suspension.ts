/**
 * A command that answers later (WAIT, a failover, MIGRATE), on the connection that waits for it: at most one
 * at a time, answered once, by whoever comes first.
 */
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { ReplyWriter } from '../../wire/resp/reply-writer.js';

type Answer = (reply: ReplySink) => void;

export class Suspension {
  /** The client asked for silence (CLIENT REPLY): what is answered stays unsaid. */
  isMuted = false;
  readonly #reply: ReplyWriter;
  readonly #onAnswered: () => void;
  #cancel: (() => void) | undefined;

  constructor(reply: ReplyWriter, onAnswered: () => void) {
    this.#reply = reply;
    this.#onAnswered = onAnswered;
  }

  get isActive(): boolean {
    return this.#cancel !== undefined;
  }

  /** @returns how the command answers; without effect once another has, or once the client is gone. */
  begin(onCancel: () => void): (answer: Answer) => void {
    const cancel = (): void => onCancel();
    this.#cancel = cancel;
    this.isMuted = false;
    return (answer) => {
      if (this.#cancel === cancel) this.#finish(answer);
    };
  }

  /** Answer in the command's stead. False when nothing waits. */
  breakOff(answer: Answer): boolean {
    const cancel = this.#cancel;
    if (cancel === undefined) return false;
    cancel();
    // Cancelled commands may have answered by themselves.
    if (this.#cancel === cancel) this.#finish(answer);
    return true;
  }

  /** The client is gone: nobody is to be answered. */
  drop(): void {
    const cancel = this.#cancel;
    this.#cancel = undefined;
    cancel?.();
  }

  #finish(answer: Answer): void {
    this.#cancel = undefined;
    const before = this.#reply.mark();
    answer(this.#reply);
    if (this.isMuted) this.#reply.withdraw(before);
    this.#onAnswered();
  }
}
