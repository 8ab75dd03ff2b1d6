/** Which run is meant: the one that was named, or the last one of the cluster that was cut off. */
import type { ClusterView } from '../../cluster/model.js';
import { isSameCluster, pictureOf } from '../../cluster/picture.js';
import { TribError } from '../../kernel/errors.js';
import type { StepPlace } from '../../plan/plan-resume.js';
import { isFinished, isReplanned, outcomeOf, type JournalLog } from './log.js';
import { JournalStore, damaged, type StoredJournal } from './store.js';

/**
 * @param wanted as `--run` names it.
 * @returns undefined when there is none to go on with.
 * @throws TribError USAGE, CORRUPT_FILE, FOREIGN_CLUSTER; REFUSED for a run that has come to its end
 */
export function cutOffRun(view: ClusterView, wanted?: string): StoredJournal | undefined {
  const cluster = pictureOf(view);
  const store = new JournalStore();
  const runs = store.runsOf(cluster).filter(({ log }) => !isReplanned(log));
  const open = runs.filter(({ log }) => !isFinished(log));
  if (wanted === undefined) {
    // One that is older than another run was over when that began.
    const broken = store.damagedOf(cluster).find(({ run }) => run > (runs[0]?.run ?? ''));
    if (broken) throw damaged(broken);
    return open[0];
  }
  const found = store.all().find(({ run }) => run === wanted);
  if (!found) {
    throw new TribError('USAGE', `No journal of a run ${wanted} is on this machine.`, {
      hint: [
        ...open.map(({ run, log }) => `${run}   ${log.header.command}, ${log.header.started}`),
        'Without --run the last one of the cluster is meant.',
      ],
    });
  }
  if (!('log' in found)) throw damaged(found);
  if (!isSameCluster(found.log.header.cluster, cluster)) {
    throw new TribError('FOREIGN_CLUSTER', `The run ${wanted} is of another cluster.`, {
      details: { run: wanted },
    });
  }
  if (isFinished(found.log)) {
    throw new TribError(
      'REFUSED',
      `The run ${wanted} has come to its end: ${outcomeOf(found.log)!}.`,
      { details: { run: wanted } },
    );
  }
  if (isReplanned(found.log)) {
    const { command } = found.log.header;
    throw new TribError('REFUSED', `A ${command} is not gone on with: it is planned anew.`, {
      hint: `Run trib ${command} again.`,
    });
  }
  return found;
}

export function stepsDoneIn({ entries }: JournalLog): readonly StepPlace[] {
  return entries.flatMap((entry) =>
    entry.kind === 'step-done' ? [{ stage: entry.stage, step: entry.step }] : [],
  );
}
