/**
 * Valkey 9: the source pushes. `CLUSTER MIGRATESLOTS` starts a migration there and answers only OK; which one
 * it is must be found in the list. It is cancelled there as well, with all others of that node.
 */
import { TribError } from '../../../kernel/errors.js';
import { replyWordsOf } from '../../reply-words.js';
import type { Link } from '../../links.js';
import type { SlotMove } from '../moving.js';
import { fieldsOf, isAbout, rangeWords, type AtomicDriver, type JobState } from './driver.js';

const FINISHED = new Set(['success', 'failed', 'cancelled']);

export const VALKEY_DRIVER: AtomicDriver = {
  name: 'valkey',
  isExclusive: false,

  async start(move, { source }) {
    const { slots, target } = move;
    const before = new Set((await migrationsAt(source)).map(nameOf));
    const words = [
      'CLUSTER',
      'MIGRATESLOTS',
      'SLOTSRANGE',
      ...rangeWords(slots),
      'NODE',
      target.id,
    ];
    const [reply] = await source.ask([words]);
    const isUnderWay = reply instanceof TribError && /already migrating/i.test(replyWordsOf(reply));
    if (reply instanceof TribError && !isUnderWay) throw reply;
    const same = (await migrationsAt(source)).filter((job) => isOf(job, move));
    const job = same.find((one) => (isUnderWay ? isActive(one) : !before.has(nameOf(one))));
    if (job) return nameOf(job);
    if (reply instanceof TribError) throw reply;
    throw new TribError(
      'PROTOCOL',
      'The migration that was started is not in the list of its node.',
    );
  },

  async look(name, { source }): Promise<JobState> {
    const job = (await migrationsAt(source)).find((one) => nameOf(one) === name);
    if (!job) return { kind: 'failed', message: 'its node has forgotten it, as after a restart' };
    const state = job.get('state') ?? '';
    if (state === 'success') return { kind: 'done' };
    if (!FINISHED.has(state)) return { kind: 'running', phase: state };
    return { kind: 'failed', message: job.get('message') || state };
  },

  async cancel(_, { source }) {
    const [reply] = await source.ask([['CLUSTER', 'CANCELSLOTMIGRATIONS']]);
    if (reply instanceof TribError && !/no migrations/i.test(replyWordsOf(reply))) throw reply;
  },
};

type Job = ReadonlyMap<string, string>;

async function migrationsAt(source: Link): Promise<readonly Job[]> {
  const [reply] = await source.ask([['CLUSTER', 'GETSLOTMIGRATIONS']]);
  return fieldsOf(reply).filter((job) => job.get('operation')?.toUpperCase() === 'EXPORT');
}

/** Called `link_name` in the description of the reply and `name` by the servers. */
const nameOf = (job: Job): string => job.get('name') ?? job.get('link_name') ?? '';

const isActive = (job: Job): boolean => !FINISHED.has(job.get('state') ?? '');

const isOf = (job: Job, { target, slots }: SlotMove): boolean =>
  job.get('target_node') === target.id && isAbout(job.get('slot_ranges') ?? '', slots);
