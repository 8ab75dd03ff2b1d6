/**
 * Keys through this machine: DUMP and PTTL at the source, RESTORE at the target, and, unless copies are
 * wanted, deleted at the source, there and only if nobody has changed them since. Slower than letting the
 * source send them, but it needs nothing of the source except that we can reach it; and it is how keys
 * that stand on both sides are compared.
 */
import { createHash } from 'node:crypto';
import type { NodeAddress } from '../../cluster/model.js';
import { TribError } from '../../kernel/errors.js';
import { isSameValue } from '../../wire/rdb/same-value.js';
import { deliver, isAstray } from '../deliver.js';
import type { BinaryReply, Link, Links } from '../links.js';
import { replyWordsOf } from '../reply-words.js';
import { workMs, type ImportJob, type KeyBatch, type Outcome } from './import-job.js';
import { askIn } from './source.js';

export interface FetchedKey {
  readonly key: string;
  /** DUMP, as latin1. */
  readonly payload: string;
  /** What PTTL said: -1 for a key that does not expire. */
  readonly ttlMs: number;
}

/** A key that is written all the time is never caught between two looks. */
const CHANGES_MAX = 5;

/** Deletes each key whose payload still is the one that was taken; says for each whether it is gone now. */
const ERASE_UNCHANGED = `
local gone = {}
for at, key in ipairs(KEYS) do
  local now = redis.call('DUMP', key)
  gone[at] = 1
  if now then
    if redis.sha1hex(now) == ARGV[at] then redis.call('DEL', key) else gone[at] = 0 end
  end
end
return gone`;

export class ToolCarrier {
  readonly #job: ImportJob;
  readonly #source: Link;
  readonly #targets: Links;

  constructor(job: ImportJob, source: Link, targets: Links) {
    this.#job = job;
    this.#source = source;
    this.#targets = targets;
  }

  /** What the source has of these keys. */
  async fetch({ database, keys, bytes }: KeyBatch): Promise<readonly FetchedKey[]> {
    const questions = keys.flatMap((key) => [
      ['DUMP', key],
      ['PTTL', key],
    ]);
    const deadlineMs = this.#deadlineMs(bytes);
    const replies = await askIn(this.#source, database, questions, { deadlineMs });
    return pairsOf(keys, replies);
  }

  /** What the cluster has of these keys: for comparing. */
  async look(target: NodeAddress, { keys, bytes }: KeyBatch): Promise<readonly FetchedKey[]> {
    const questions = keys.flatMap((key) => [
      ['DUMP', key],
      ['PTTL', key],
    ]);
    const replies = await this.#targets
      .to(target)
      .askBinary(questions, { deadlineMs: this.#deadlineMs(bytes) });
    return pairsOf(keys, replies);
  }

  async carry(batch: KeyBatch, target: NodeAddress): Promise<Outcome> {
    const total = { carried: 0, alreadyThere: 0, gone: 0 };
    const conflicts: string[] = [];
    const astray: string[] = [];
    // What arrived from here, in a state that is old by now: that may be overwritten.
    const ours = new Set<string>();
    let left = batch.keys;
    for (let round = 0; left.length > 0; round++) {
      const fetched = await this.fetch({ ...batch, keys: left });
      total.gone += left.length - fetched.length;
      const { restored, busy, lost } = await deliver(
        this.#targets,
        target,
        fetched,
        (entry) => restoreWords(entry, this.#job.replace || ours.has(entry.key)),
        this.#deadlineMs(batch.bytes),
      );
      astray.push(...lost.map(({ key }) => key));
      const { same, other } = await this.#compare(target, busy, batch.bytes);
      conflicts.push(...other);
      const changed = await this.#erase(batch, [...restored, ...same]);
      total.carried += restored.filter(({ key }) => !changed.has(key)).length;
      total.alreadyThere += same.filter(({ key }) => !changed.has(key)).length;
      left = [...changed];
      for (const { key } of restored) ours.add(key);
      if (round < CHANGES_MAX) continue;
      // What arrived is old, and the newest state stays where it is: two values under one name.
      conflicts.push(...left);
      break;
    }
    return { ...total, conflicts, astray };
  }

  /** Keys that stand on both sides: the same value is done, another one a conflict. */
  async settle(batch: KeyBatch, target: NodeAddress): Promise<Outcome> {
    const fetched = await this.fetch(batch);
    const { same, other } = await this.#compare(target, fetched, batch.bytes);
    const changed = await this.#erase(batch, same);
    return {
      carried: 0,
      alreadyThere: same.length - changed.size,
      gone: batch.keys.length - fetched.length,
      conflicts: [...other, ...changed],
      astray: [],
    };
  }

  async #compare(
    target: NodeAddress,
    fetched: readonly FetchedKey[],
    bytes: number,
  ): Promise<{ same: readonly FetchedKey[]; other: readonly string[] }> {
    if (fetched.length === 0) return { same: [], other: [] };
    const keys = fetched.map(({ key }) => key);
    const there = await this.look(target, { database: 0, keys, bytes });
    const payloads = new Map(there.map(({ key, payload }) => [key, payload]));
    const isSame = ({ key, payload }: FetchedKey): boolean => {
      const other = payloads.get(key);
      return other !== undefined && isSameValue(payload, other);
    };
    const same = fetched.filter(isSame);
    return { same, other: fetched.filter((entry) => !same.includes(entry)).map(({ key }) => key) };
  }

  /** @returns keys that were changed since they were taken: what was taken is old. */
  async #erase(batch: KeyBatch, taken: readonly FetchedKey[]): Promise<ReadonlySet<string>> {
    if (this.#job.copy || taken.length === 0) return new Set();
    const keys = taken.map(({ key }) => key);
    const sums = taken.map(({ payload }) => sha1Of(payload));
    const script = ['EVAL', ERASE_UNCHANGED, String(keys.length), ...keys, ...sums];
    const [reply] = await askIn(this.#source, batch.database, [script], {
      deadlineMs: this.#deadlineMs(batch.bytes),
    });
    if (reply instanceof TribError) throw cannotErase(reply);
    const gone = reply as readonly number[];
    return new Set(keys.filter((_, at) => gone[at] !== 1));
  }

  #deadlineMs(bytes: number): number {
    return this.#job.timeoutMs + workMs(bytes);
  }
}

function pairsOf(
  keys: readonly string[],
  replies: readonly (BinaryReply | TribError | undefined)[],
): readonly FetchedKey[] {
  return keys.flatMap((key, at) => {
    const [payload, ttl] = [replies[2 * at], replies[2 * at + 1]];
    if (payload instanceof TribError) {
      if (isAstray(replyWordsOf(payload))) return [];
      throw payload;
    }
    const ttlMs = Number(ttl);
    // Gone, or gone between the two questions.
    if (typeof payload !== 'string' || ttlMs === -2) return [];
    return [{ key, payload, ttlMs }];
  });
}

function restoreWords({ key, payload, ttlMs }: FetchedKey, replace: boolean): readonly string[] {
  // 0 is "never" to RESTORE; a key in its last millisecond gets one more.
  const ttl = ttlMs < 0 ? 0 : Math.max(1, ttlMs);
  return ['RESTORE', key, String(ttl), payload, ...(replace ? ['REPLACE'] : [])];
}

const sha1Of = (payload: string): string =>
  createHash('sha1').update(payload, 'latin1').digest('hex');

function cannotErase(reply: TribError): TribError {
  return new TribError(reply.code, `Keys cannot be deleted at the source: ${reply.message}`, {
    hint: [
      'Through this machine keys are moved with a script (EVAL), which deletes only what nobody has changed.',
      'Take copies with --copy; what was copied so far is found by the next run.',
    ],
    cause: reply,
    details: reply.details,
  });
}
