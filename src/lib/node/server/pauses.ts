/**
 * Who holds clients back, and until when. CLIENT PAUSE, a manual failover, MIGRATE and the end of the node each hold their own
 * pause; the widest scope in force counts, and each owner ends only its own.
 */
import type { PauseScope } from '../ports/session.js';

export type PauseOwner = 'client' | 'failover' | 'migrate' | 'shutdown';

interface Pause {
  readonly scope: PauseScope;
  readonly untilMs: number;
}

export class Pauses {
  readonly #held = new Map<PauseOwner, Pause>();
  /** True while any pause may be in force: the hot path asks nothing else. */
  isAny = false;

  hold(owner: PauseOwner, scope: PauseScope, untilMs: number): void {
    const before = this.#held.get(owner);
    // A second CLIENT PAUSE may widen and lengthen the first, never weaken it.
    this.#held.set(owner, {
      scope: before?.scope === 'all' ? 'all' : scope,
      untilMs: Math.max(before?.untilMs ?? 0, untilMs),
    });
    this.isAny = true;
  }

  release(owner: PauseOwner): void {
    this.#held.delete(owner);
    this.isAny = this.#held.size > 0;
  }

  holds(owner: PauseOwner): boolean {
    return this.#held.has(owner);
  }

  /** The scope in force now; pauses whose time is over are dropped. */
  scope(nowMs: number): PauseScope | undefined {
    let widest: PauseScope | undefined;
    for (const [owner, pause] of this.#held) {
      if (pause.untilMs <= nowMs) this.release(owner);
      else if (widest !== 'all') widest = pause.scope;
    }
    return widest;
  }

  /** When the next pause ends; undefined without any. */
  nextEndMs(): number | undefined {
    if (this.#held.size === 0) return undefined;
    return Math.min(...[...this.#held.values()].map((pause) => pause.untilMs));
  }
}
