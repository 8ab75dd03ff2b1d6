/**
 * Redis 8.4: the destination pulls. `CLUSTER MIGRATION IMPORT` answers the id of a task; a node takes part in
 * one task at a time. A task that failed is tried again by its destination until it is cancelled there.
 */
import { TribError } from '../../../kernel/errors.js';
import { replyWordsOf } from '../../reply-words.js';
import type { Link } from '../../links.js';
import { fieldsOf, isAbout, rangeWords, type AtomicDriver, type JobState } from './driver.js';

export const REDIS_DRIVER: AtomicDriver = {
  name: 'redis',
  isExclusive: true,

  async start({ slots, source: from }, { target }) {
    const [reply] = await target.ask([['CLUSTER', 'MIGRATION', 'IMPORT', ...rangeWords(slots)]]);
    if (!(reply instanceof TribError)) return String(reply);
    if (!/overlapping import|already in progress/i.test(replyWordsOf(reply))) throw reply;
    const job = (await tasksAt(target, ['ALL'])).find(
      (one) =>
        one.get('operation') === 'import' &&
        one.get('source') === from.id &&
        !FINAL.has(one.get('state') ?? '') &&
        isAbout(one.get('slots') ?? '', slots),
    );
    if (!job) throw reply;
    return job.get('id') ?? '';
  },

  async look(id, { source, target }): Promise<JobState> {
    const [task] = await tasksAt(target, ['ID', id]);
    if (!task) return { kind: 'failed', message: 'its node has forgotten it, as after a restart' };
    const state = task.get('state') ?? '';
    if (state === 'failed' || state === 'canceled') {
      return { kind: 'failed', message: task.get('last_error') || state };
    }
    if (state !== 'completed') return { kind: 'running', phase: state };
    // The source has to have heard of it as well: until then it is busy with this task.
    const [there] = await tasksAt(source, ['ID', id]);
    const isOver = there === undefined || FINAL.has(there.get('state') ?? '');
    return isOver ? { kind: 'done' } : { kind: 'running', phase: 'handoff' };
  },

  async cancel(id, { target }) {
    const [reply] = await target.ask([['CLUSTER', 'MIGRATION', 'CANCEL', 'ID', id]]);
    if (reply instanceof TribError) throw reply;
  },
};

const FINAL = new Set(['completed', 'canceled', 'failed']);

async function tasksAt(
  link: Link,
  which: readonly string[],
): Promise<readonly ReadonlyMap<string, string>[]> {
  const [reply] = await link.ask([['CLUSTER', 'MIGRATION', 'STATUS', ...which]]);
  return fieldsOf(reply);
}
