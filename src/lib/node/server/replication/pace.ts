/**
 * How much of a primary is heard in one turn of the event loop: the system hands over megabytes at once, and
 * clients want to be served in between. Also whether it is heard at all: what comes next cannot always be
 * taken yet.
 */
import type { PeerSocket } from '../network.js';

/** So long the primary is listened to in one turn. */
const TURN_MS_MAX = 10;

export class Pace {
  readonly #socket: PeerSocket;
  readonly #isDeaf: () => boolean;
  #turnBeganMs: number | undefined;

  /** @param isDeaf nothing more can be taken now; `listen` when that is over */
  constructor(socket: PeerSocket, isDeaf: () => boolean) {
    this.#socket = socket;
    this.#isDeaf = isDeaf;
  }

  /** Takes one chunk, and no more of this turn when that has taken long. */
  take(work: () => void): void {
    const beganMs = performance.now();
    work();
    if (this.#turnBeganMs === undefined) {
      this.#turnBeganMs = beganMs;
      setImmediate(() => {
        this.#turnBeganMs = undefined;
        this.listen();
      });
    }
    const isBusy = performance.now() - this.#turnBeganMs > TURN_MS_MAX;
    if (isBusy || this.#isDeaf()) this.#socket.pause();
  }

  listen(): void {
    if (!this.#socket.destroyed && !this.#isDeaf()) this.#socket.resume();
  }
}
