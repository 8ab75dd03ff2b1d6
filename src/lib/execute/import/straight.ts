/**
 * Keys from the source straight to their owner: MIGRATE, with as many keys as the bounds allow. A plain
 * server sends one RESTORE per key, so keys of many slots may travel together, as long as one node owns
 * them. Its answer names the first thing that went wrong and not the key; which keys went over is seen from
 * those that are left.
 */
import { utf8ToLatin1 } from '../../kernel/bytes.js';
import { TribError } from '../../kernel/errors.js';
import { isAtLeast } from '../../kernel/version.js';
import type { NodeRef } from '../../plan/plan.js';
import { isAstray } from '../deliver.js';
import type { Link } from '../links.js';
import { replyWordsOf } from '../reply-words.js';
import { workMs, type ImportJob, type KeyBatch, type Outcome } from './import-job.js';
import { askIn } from './source.js';
import type { ToolCarrier } from './through-tool.js';

/** On top of what MIGRATE grants itself three times: to connect, to write, to read. */
const SLACK_MS = 5_000;

export type StraightOutcome = Outcome & {
  /** The source cannot talk to the target; what is left must go another way. */
  readonly cutOff: readonly string[];
};

export class StraightCarrier {
  readonly #job: ImportJob;
  readonly #source: Link;
  readonly #tool: ToolCarrier;

  constructor(job: ImportJob, source: Link, tool: ToolCarrier) {
    this.#job = job;
    this.#source = source;
    this.#tool = tool;
  }

  /** Several keys in one command, where the source can. */
  get keysMax(): number {
    return isAtLeast(this.#job.source.version, '3.0.6') ? Infinity : 1;
  }

  async carry(batch: KeyBatch, target: NodeRef): Promise<StraightOutcome> {
    const total = { carried: 0, alreadyThere: 0, gone: 0 };
    const conflicts: string[] = [];
    const astray: string[] = [];
    const cutOff: string[] = [];
    const step = Math.min(this.keysMax, batch.keys.length);
    for (let from = 0; from < batch.keys.length; from += step) {
      const part = { ...batch, keys: batch.keys.slice(from, from + step) };
      const outcome = await this.#carryPart(part, target);
      total.carried += outcome.carried;
      total.alreadyThere += outcome.alreadyThere;
      total.gone += outcome.gone;
      conflicts.push(...outcome.conflicts);
      astray.push(...outcome.astray);
      cutOff.push(...outcome.cutOff);
    }
    return { ...total, conflicts, astray, cutOff };
  }

  async #carryPart(batch: KeyBatch, target: NodeRef): Promise<StraightOutcome> {
    const timeoutMs = this.#job.timeoutMs + workMs(batch.bytes);
    const command = this.#migrateWords(batch.keys, target, timeoutMs);
    const deadlineMs = 3 * timeoutMs + SLACK_MS;
    const [reply] = await askIn(this.#source, batch.database, [command], { deadlineMs });
    const none = { carried: 0, alreadyThere: 0, gone: 0, conflicts: [], astray: [], cutOff: [] };
    if (!(reply instanceof TribError)) {
      return reply === 'NOKEY'
        ? { ...none, gone: batch.keys.length }
        : { ...none, carried: batch.keys.length };
    }
    const left = await this.#leftOf(batch);
    const carried = batch.keys.length - left.length;
    const said = replyWordsOf(reply);
    const words = said.replace(/^ERR Target instance replied with error: /, '');
    if (words.startsWith('BUSYKEY')) {
      const settled = await this.#tool.carry({ ...batch, keys: left }, target.address);
      return { ...settled, carried: carried + settled.carried, cutOff: [] };
    }
    if (said.startsWith('IOERR')) return { ...none, carried, cutOff: left };
    if (isAstray(words) || words.startsWith('ASK ')) return { ...none, carried, astray: left };
    throw refused(reply, words);
  }

  #migrateWords(keys: readonly string[], target: NodeRef, timeoutMs: number): readonly string[] {
    const { copy, replace, login } = this.#job;
    const { host, port } = target.announced ?? target.address;
    const one = this.keysMax === 1;
    return [
      ...['MIGRATE', host, String(port), one ? keys[0]! : '', '0', String(timeoutMs)],
      ...(copy ? ['COPY'] : []),
      ...(replace ? ['REPLACE'] : []),
      ...loginWords(login),
      ...(one ? [] : ['KEYS', ...keys]),
    ];
  }

  /** Moved keys are gone at the source; copied ones can only be seen at the target. */
  async #leftOf({ database, keys }: KeyBatch): Promise<readonly string[]> {
    // A copy that stands there since before is found to be the same, or not, by who carries it next.
    if (this.#job.copy) return keys;
    const questions = keys.map((key) => ['EXISTS', key]);
    const replies = await askIn(this.#source, database, questions);
    return keys.filter((_, at) => Number(replies[at]) !== 0);
  }
}

function loginWords(login: ImportJob['login']): readonly string[] {
  if (login === undefined) return [];
  const { username, password } = login;
  const words = username === undefined ? ['AUTH', password] : ['AUTH2', username, password];
  return words.map(utf8ToLatin1);
}

function refused(reply: TribError, words: string): TribError {
  if (/^(NOAUTH|WRONGPASS|NOPERM)|invalid password|AUTH/.test(words)) {
    return new TribError('AUTH_FAILED', `The cluster refuses the source: ${words}`, {
      hint: 'The login of the cluster (-a, --user, --password-file) is what the source gives as well.',
      details: reply.details,
    });
  }
  return reply;
}
