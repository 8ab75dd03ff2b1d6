/**
 * When, or how often, a key was used: one small number per entry, read according to the eviction policy.
 *
 * Least recently used: the second of the last access. Least frequently used: a counter of 8 bits that rises
 * ever more slowly, and the minute in which it was last looked at, 16 bits, by which it decays. Small integers
 * on purpose: anything larger would be an object of its own for every key.
 */

export interface AccessSettings {
  /** The policy counts how often, not how recently. */
  countsUses: boolean;
  /** `lfu-log-factor`: the higher, the more uses one step of the counter takes. */
  logFactor: number;
  /** `lfu-decay-time`: minutes without use that cost one step; 0 never. */
  decayMinutes: number;
}

/** New keys are not the first to go. */
const USES_FIRST = 5;
const USES_MAX = 255;
const MINUTES_MASK = 0xffff;

export class AccessClock implements AccessSettings {
  countsUses = false;
  logFactor = 10;
  decayMinutes = 1;
  readonly #chance: () => number;

  /** @param chance an even draw from 0 up to, and not including, 1 */
  constructor(chance: () => number) {
    this.#chance = chance;
  }

  first(nowMs: number): number {
    return this.countsUses ? pack(minutesOf(nowMs), USES_FIRST) : secondsOf(nowMs);
  }

  /** What follows `access` when the key is used now. */
  next(access: number, nowMs: number): number {
    if (!this.countsUses) return secondsOf(nowMs);
    const uses = this.uses(access, nowMs);
    const isMore =
      uses < USES_MAX && this.#chance() < 1 / (Math.max(0, uses - USES_FIRST) * this.logFactor + 1);
    return pack(minutesOf(nowMs), isMore ? uses + 1 : uses);
  }

  /** 0 to 255, decayed until now. */
  uses(access: number, nowMs: number): number {
    if (this.decayMinutes === 0) return access & 0xff;
    const passed = (minutesOf(nowMs) - (access >> 8)) & MINUTES_MASK;
    return Math.max(0, (access & 0xff) - Math.floor(passed / this.decayMinutes));
  }

  idleMs(access: number, nowMs: number): number {
    return Math.max(0, nowMs - access * 1000);
  }

  /** RESTORE and RDB files say how long a key has been idle, or how often it was used. */
  afterIdle(idleSeconds: number, nowMs: number): number {
    return this.countsUses ? this.first(nowMs) : Math.max(0, secondsOf(nowMs) - idleSeconds);
  }

  afterUses(uses: number, nowMs: number): number {
    return this.countsUses ? pack(minutesOf(nowMs), uses) : this.first(nowMs);
  }
}

/** Fits 31 bits until 2038. */
function secondsOf(nowMs: number): number {
  return (nowMs / 1000) | 0;
}

function minutesOf(nowMs: number): number {
  return Math.floor(nowMs / 60_000) & MINUTES_MASK;
}

function pack(minutes: number, uses: number): number {
  return (minutes << 8) | uses;
}
