/**
 * What every command that moves slots wraps around the moving: `withRun`. It makes sure that nobody else is
 * at it, that the plan still fits the cluster, and that there is a journal before anything is changed; and
 * when the work does not come to its end, it says how to go on.
 */
import { hostname } from 'node:os';
import { formatAddress } from '../../cluster/address.js';
import type { ClusterView } from '../../cluster/model.js';
import { pictureOf } from '../../cluster/picture.js';
import { membersOf } from '../../cluster/view.js';
import type { ConnectionOptions } from '../../client/connection-options.js';
import type { ExecutionContext } from '../../execute/context.js';
import { MOVING_DEFAULTS, type Moving } from '../../execute/move/moving.js';
import { observe } from '../../execute/observe.js';
import { AssertionFailure, TribError } from '../../kernel/errors.js';
import { formatRanges, rangesOf } from '../../kernel/ranges.js';
import type { Plan, Step } from '../../plan/plan.js';
import type { StepPlace } from '../../plan/plan-resume.js';
import type { Session } from '../cluster-command.js';
import { Journal } from './journal.js';
import {
  JOURNAL_VERSION,
  REPLANNED,
  isFinished,
  isReplanned,
  lastSittingOf,
  type MovingChoices,
  type Outcome,
  type Sitting,
} from './log.js';
import { setMarker } from './marker.js';
import { isRunning, processMark } from './process-mark.js';
import { newRunId } from './run-id.js';
import { refuseStalePlan } from './stale.js';
import { JournalStore, type StoredJournal } from './store.js';

export interface RunWish {
  readonly plan: Plan;
  /** The cluster as the plan was made for it. */
  readonly view: ClusterView;
  /** What the operator chose, over `MOVING_DEFAULTS`; login and journal are put in here. */
  readonly moving?: Partial<Omit<Moving, 'journal'>> | undefined;
  /** For `fix`, `resume` and `abort`: open slots are what they are there for. Others refuse them. */
  readonly takesOpenSlots?: boolean;
  /** A run to go on with, in its own journal, instead of a new one. */
  readonly continues?: StoredJournal | undefined;
  /** Where the steps of `plan` stand in the plan of that run. */
  readonly places?: ReadonlyMap<Step, StepPlace> | undefined;
  /** How its journal ends when the work comes to its end; default `done`. */
  readonly endsAs?: Outcome | undefined;
}

/**
 * Runs `work` as the only one that moves slots of this cluster, with a journal.
 *
 * Call it after the review, around the execution, and around nothing else:
 *
 *     await withRun(session, { plan, view, moving }, (running) => this.execute(plan, running));
 *
 * `running` is the session to execute with: its `context.moving` holds what was chosen, the login of the
 * session and the journal. In this order, before `work`:
 *
 * 1. refuses when a living process of this machine is at work on the cluster (its journal says so), or
 *    when slots are open that no plan accounts for;
 * 2. marks the primaries, and refuses when an operator on another machine has marked them;
 * 3. observes again, and refuses when the cluster is not the one of the plan: `refuseStale` is not needed;
 * 4. opens the journal; a disk that refuses it ends the command while nothing is changed.
 *
 * When `work` throws after something was begun, the error that leaves says how to go on
 * (`trib resume HOST:PORT`), and the journal keeps the plan. A plan without steps is simply worked on.
 *
 * @throws TribError ANOTHER_RUN, REFUSED, PLAN_STALE, JOURNAL, and what `work` throws
 */
export async function withRun<T>(
  session: Session,
  wish: RunWish,
  work: (running: Session) => Promise<T>,
): Promise<T> {
  const { plan, view, continues } = wish;
  if (plan.stages.every(({ steps }) => steps.length === 0) && !continues) return work(session);
  const { context } = session;
  const cluster = pictureOf(view);
  const store = new JournalStore();
  const sitting = sittingOf(plan.command, newRunId());
  refuseLiving(store.runsOf(cluster), sitting);
  if (wish.takesOpenSlots !== true) refuseOpenSlots(view);
  const primaries = membersOf(view).filter(({ role, claim }) => role === 'primary' && claim);
  const marker = await setMarker(
    { ...sitting, primaries: primaries.map(({ address }) => address) },
    context,
  );
  try {
    const entry = view.claims.get(view.entryId)!.reachedAt;
    const now = await observe(
      context.links,
      entry,
      context.signal ? { signal: context.signal } : {},
    );
    refuseStalePlan(plan, cluster, pictureOf(now));
    const journal = await openJournal(store, sitting, wish);
    try {
      // A second process may have looked when there was no journal yet.
      const runs = store.runsOf(cluster);
      refuseLiving(runs, sitting);
      await supersede(runs, sitting, wish, context);
      return await worked(journal, wish, session, work);
    } finally {
      await journal.close();
      store.prune(cluster);
    }
  } finally {
    marker.close();
  }
}

async function worked<T>(
  journal: Journal,
  wish: RunWish,
  session: Session,
  work: (running: Session) => Promise<T>,
): Promise<T> {
  const { moving, endsAs = 'done' } = wish;
  const { context, connection } = session;
  const login = loginOf(connection);
  const running: Session = {
    ...session,
    context: {
      ...noting(placesIn(wish), journal, context),
      moving: { ...MOVING_DEFAULTS, ...(login ? { login } : {}), ...moving, journal },
    },
  };
  const off = context.atExit?.(
    () => journal.end(journal.hasBegun ? 'interrupted' : 'nothing'),
    () => (journal.hasBegun ? waysOn(wish) : []),
  );
  try {
    const result = await work(running);
    await journal.end(endsAs);
    return result;
  } catch (error) {
    if (error instanceof AssertionFailure) throw error;
    const isInterrupted = error instanceof TribError && error.code === 'INTERRUPTED';
    const outcome = !journal.hasBegun ? 'nothing' : isInterrupted ? 'interrupted' : 'failed';
    // A journal that cannot be written is what was thrown, or it was done without: either way it is told.
    await journal.end(outcome).catch(() => undefined);
    throw journal.hasBegun ? withWayOn(error, wish) : error;
  } finally {
    off?.();
  }
}

/** Steps that move nothing are noted as they are done, by their place in the plan. */
function noting(
  places: ReadonlyMap<Step, StepPlace>,
  journal: Journal,
  context: ExecutionContext,
): ExecutionContext {
  return {
    ...context,
    report: (event) => {
      const place = event.kind === 'step-done' ? places.get(event.step) : undefined;
      if (place) journal.stepDone(place);
      context.report(event);
    },
  };
}

function placesIn({ plan, places }: RunWish): ReadonlyMap<Step, StepPlace> {
  if (places) return places;
  return new Map(
    plan.stages.flatMap(({ steps }, stage) => steps.map((each, step) => [each, { stage, step }])),
  );
}

function openJournal(
  store: JournalStore,
  sitting: Sitting,
  { plan, view, moving, continues }: RunWish,
): Promise<Journal> {
  const choices = choicesOf({ ...MOVING_DEFAULTS, ...moving });
  if (continues) return reopened(continues, { ...sitting, moving: choices });
  const entry = view.claims.get(view.entryId)!.reachedAt;
  return store.create({
    kind: 'trib-journal',
    schemaVersion: JOURNAL_VERSION,
    ...sitting,
    entry: { host: entry.host, port: entry.port },
    plan,
    cluster: pictureOf(view),
    moving: choices,
  });
}

async function reopened(
  { path, log }: StoredJournal,
  sitting: Sitting & { readonly moving: MovingChoices },
): Promise<Journal> {
  const journal = await Journal.reopen(path, log);
  await journal.append({ kind: 'sitting', ...sitting });
  return journal;
}

/** All but what is secret, and what is made anew for each process. */
function choicesOf(moving: Moving): MovingChoices {
  const { way, migrateTimeoutMs, batchKeysMax, batchBytesMax, windowSlots, replace } = moving;
  const { guardMs, rate, bigKeys } = moving;
  const { limitBytes, onBigKey } = bigKeys;
  return {
    ...{ way, migrateTimeoutMs, batchKeysMax, batchBytesMax, windowSlots, replace, guardMs },
    bigKeys: { limitBytes, onBigKey },
    ...(rate ? { rate: { unit: rate.unit, perSecond: rate.perSecond } } : {}),
  };
}

function loginOf({ username, password }: ConnectionOptions): Moving['login'] {
  return password === undefined ? undefined : { username, password };
}

function sittingOf(command: string, id: string): Sitting {
  const mark = processMark(process.pid);
  return {
    id,
    command,
    started: new Date().toISOString(),
    host: hostname(),
    pid: process.pid,
    ...(mark === undefined ? {} : { process: mark }),
  };
}

/** @throws TribError ANOTHER_RUN */
function refuseLiving(runs: readonly StoredJournal[], mine: Sitting): void {
  for (const { run, log } of runs) {
    const sitting = lastSittingOf(log);
    const { command, pid, started, host } = sitting;
    if (sitting.id === mine.id || log.entries.at(-1)?.kind === 'end') continue;
    // A folder that several machines share: the mark in the cluster tells about the others.
    if (host !== mine.host || !isRunning(pid, sitting.process)) continue;
    throw new TribError(
      'ANOTHER_RUN',
      `Another run moves slots of this cluster: trib ${command}, process ${pid}, since ${started}.`,
      {
        hint: 'Wait for its end, or interrupt it. Nothing was changed by this one.',
        details: { run, command, pid, started },
      },
    );
  }
}

/** @throws TribError REFUSED */
function refuseOpenSlots(view: ClusterView): void {
  const open = membersOf(view).flatMap(({ record }) => [
    ...record.migrating.keys(),
    ...record.importing.keys(),
  ]);
  if (open.length === 0) return;
  const slots = rangesOf(open);
  const { host, port } = view.claims.get(view.entryId)!.reachedAt;
  const where = formatAddress({ host, port });
  throw new TribError('REFUSED', `Slots ${formatRanges(slots)} are open: a move was cut off.`, {
    hint: [
      `trib resume ${where} finishes the move; trib abort ${where} gives it up.`,
      `trib fix ${where} mends what neither of them can.`,
    ],
    details: { openSlots: formatRanges(slots) },
  });
}

/**
 * Runs that were cut off are over once somebody plans anew, from the cluster as it is now. A repair leaves
 * moves to be gone on with; it replaces an earlier repair only.
 */
async function supersede(
  runs: readonly StoredJournal[],
  mine: Sitting,
  { takesOpenSlots, continues }: RunWish,
  { report }: ExecutionContext,
): Promise<void> {
  for (const { run, path, log } of runs) {
    if (run === mine.id || run === continues?.run || isFinished(log)) continue;
    if (takesOpenSlots === true && !isReplanned(log)) continue;
    const journal = await Journal.reopen(path, log);
    await journal.end('superseded');
    await journal.close();
    const { command, started } = log.header;
    report({
      kind: 'remark',
      severity: 'info',
      message: `The ${command} that began ${started} and was cut off is not gone on with any more.`,
    });
  }
}

/** The error, with the next thing to type. */
function withWayOn(error: unknown, wish: RunWish): unknown {
  if (!(error instanceof TribError)) return error;
  const told = error.hints.join('\n');
  return new TribError(error.code, error.message, {
    hint: [
      ...error.hints,
      ...waysOn(wish).filter((line) => !told.includes(line.slice(line.indexOf('trib ')))),
    ],
    cause: error,
    details: error.details,
  });
}

function waysOn({ plan, view }: RunWish): readonly string[] {
  const { host, port } = view.claims.get(view.entryId)!.reachedAt;
  const where = formatAddress({ host, port });
  return REPLANNED.has(plan.command)
    ? [`Run it again: trib ${plan.command} ${where}`]
    : [`Go on with: trib resume ${where}`, `Or give it up with: trib abort ${where}`];
}
