/**
 * A node ends in good order: no write is taken any more, replicas that lag get a while to catch up, what is
 * to be on disk is written, and then it is gone. Each step may fail or take too long, and whoever asked
 * may think better of it.
 */
import type { ShutdownRequest } from '../ports/host.js';
import type { ConfigWing, Log } from '../ports/wings.js';
import { unattended } from './fault.js';
import type { RunningPersistence } from './persistence/options.js';
import type { RunningReplication } from './replication/wing.js';

export interface ShutdownOptions {
  readonly config: ConfigWing;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly persistence: Pick<RunningPersistence, 'finish'>;
  readonly replication: Pick<RunningReplication, 'offset' | 'countLagging' | 'askForAcks'>;
  readonly pauseWrites: () => void;
  readonly unpauseWrites: () => void;
  readonly end: () => void;
  readonly onFatal: (reason: string) => void;
}

interface Waiting {
  readonly request: ShutdownRequest;
  readonly untilMs: number;
  /** What a replica must hold to have everything. */
  readonly offset: number;
}

export class Shutdown {
  readonly #options: ShutdownOptions;
  #waiting: Waiting | undefined;
  #isFinishing = false;
  #refused: (() => void)[] = [];

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** A second request while one is under way changes nothing, and hears how that one ends. */
  begin(request: ShutdownRequest, onRefused: () => void): void {
    const { config, log, nowMs, pauseWrites, replication } = this.#options;
    this.#refused.push(onRefused);
    if (this.#waiting !== undefined || this.#isFinishing) return;
    pauseWrites();
    const { offset } = replication;
    const timeoutMs = config.number('shutdown-timeout') * 1000;
    const lagging = request.now || timeoutMs === 0 ? 0 : replication.countLagging(offset);
    this.#waiting = { request, untilMs: nowMs() + timeoutMs, offset };
    if (lagging === 0) this.#finishSoon(request);
    else {
      log('notice', `Waiting for ${lagging} replicas to catch up before the end`);
      replication.askForAcks();
    }
  }

  /** @returns false when none was waiting. */
  abort(): boolean {
    if (this.#waiting === undefined || this.#isFinishing) return false;
    this.#options.log('notice', 'The end was called off');
    this.#refuse();
    return true;
  }

  /** Ten times a second. */
  tick(): void {
    const { log, nowMs, replication } = this.#options;
    if (this.#waiting === undefined || this.#isFinishing) return;
    const { offset, request, untilMs } = this.#waiting;
    const lagging = replication.countLagging(offset);
    if (lagging > 0 && nowMs() < untilMs) return;
    if (lagging > 0) log('warning', `${lagging} replicas lag behind and are not waited for`);
    this.#finishSoon(request);
  }

  #finishSoon(request: ShutdownRequest): void {
    unattended(this.#finish(request), this.#options.onFatal);
  }

  async #finish(request: ShutdownRequest): Promise<void> {
    const { log, persistence, end } = this.#options;
    this.#isFinishing = true;
    const failure = await persistence.finish(request.save);
    if (failure === undefined || request.force) {
      end();
      return;
    }
    log('warning', `The node does not end: ${failure}`);
    this.#refuse();
  }

  #refuse(): void {
    this.#waiting = undefined;
    this.#isFinishing = false;
    this.#options.unpauseWrites();
    for (const refuse of this.#refused.splice(0)) refuse();
  }
}
