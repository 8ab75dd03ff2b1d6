import { Args, Flags } from '@oclif/core';
import type { NodeAddress } from '../lib/cluster/model.js';
import type { ReviewFlags, Session } from '../lib/cli/cluster-command.js';
import { MovingCommand } from '../lib/cli/moving-command.js';
import { HOW_TO_LIFT, movingFlags, type MovingFlags } from '../lib/cli/moving-flags.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { untilItFits } from '../lib/cli/journal/again.js';
import { cutOffRun, stepsDoneIn } from '../lib/cli/journal/find-run.js';
import { lastChoicesOf, type JournalLog } from '../lib/cli/journal/log.js';
import { withRun } from '../lib/cli/journal/run.js';
import { JournalStore, type StoredJournal } from '../lib/cli/journal/store.js';
import { giveUpMoves } from '../lib/execute/move/give-up.js';
import type { SlotMove } from '../lib/execute/move/moving.js';
import { runStage } from '../lib/execute/run-plan.js';
import { countSlots } from '../lib/kernel/ranges.js';
import { planAbort, planUndo, type AbortPlan } from '../lib/plan/plan-abort.js';
import type { Plan, Stage, Step } from '../lib/plan/plan.js';
import type { Begun } from '../lib/plan/plan-resume.js';
import { limitsText } from '../lib/render/move-text.js';
import { planText } from '../lib/render/plan-text.js';

interface AbortDocument {
  readonly schemaVersion: number;
  readonly kind: 'abort';
  /** `left`: some slots could not be dealt with, or could not go back. */
  readonly outcome: 'aborted' | 'nothing' | 'left' | 'dry-run';
  readonly run: string | null;
  /** Open slots that went back to being their owner's alone. */
  readonly slotsClosed: number;
  /** Open slots that had keys at their target already, and went there. */
  readonly slotsFinished: number;
  /** Slots that were moved back: --undo. */
  readonly slotsUndone: number;
  readonly plan: PlanDocument;
}

interface AbortWish extends ReviewFlags, Pick<MovingFlags, 'max-rate' | 'guard'> {
  readonly run?: string | undefined;
  readonly undo?: boolean | undefined;
}

/**
 * Slots that hold the run back must not be refused for what is in them, and clients of an open slot wait for
 * nothing but its end: as after Ctrl-C, no rate holds it back.
 */
const TO_THEIR_END = {
  rate: undefined,
  bigKeys: { limitBytes: 0, onBigKey: 'move' },
} as const;

export default class Abort extends MovingCommand {
  static override summary = 'Give up a move of slots that was cut off.';
  static override description = `Slots that are open are closed where that loses nothing; those of which keys have arrived at the new
owner already are moved to their end. What was moved stays moved, unless --undo moves it back.`;
  static override strict = false;
  static override usage = 'abort HOST:PORT [--undo] [--run ID]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --undo --yes',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
  };
  static override flags = {
    undo: Flags.boolean({ summary: 'move back what the run had moved' }),
    run: Flags.string({
      summary: 'this one, where several were cut off [default: the last]',
      helpValue: 'ID',
    }),
    'max-rate': movingFlags['max-rate'],
    guard: movingFlags.guard,
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<AbortDocument> {
    const { argv, flags } = await this.parse(Abort);
    const target = this.oneNode(argv);
    return this.withSession(flags, [target], async (session) => {
      const given = await untilItFits(session.context, () =>
        this.#giveUp(session, target.address, flags),
      );
      const { run } = given;
      if (!flags.undo || !run || given.document.outcome === 'dry-run') return given.document;
      return this.#undo(session, target.address, flags, { ...given, run });
    });
  }

  async #giveUp(
    session: Session,
    entry: NodeAddress,
    wish: AbortWish,
  ): Promise<{ readonly document: AbortDocument; readonly run: StoredJournal | undefined }> {
    const { view } = await this.lookAt(session, entry);
    const run = cutOffRun(view, wish.run);
    const abort = planAbort(view, run && begunOf(run.log));
    const { plan } = abort;
    const base = {
      schemaVersion: SCHEMA_VERSION,
      kind: 'abort',
      run: run?.run ?? null,
      ...{ slotsClosed: 0, slotsFinished: 0, slotsUndone: 0 },
      plan: planDocument(plan),
    } as const;
    if (!run && plan.stages.length === 0 && plan.remarks.length === 0) {
      this.say(['[OK] Nothing to give up: no run was cut off here, and no slot is open.']);
      return { document: { ...base, outcome: 'nothing' }, run };
    }
    if (!(await this.review(plan, wish))) return { document: { ...base, outcome: 'dry-run' }, run };
    const asked = {
      ...{ plan, view, takesOpenSlots: true, continues: run, endsAs: 'aborted' as const },
      moving: { ...(run && lastChoicesOf(run.log)), ...TO_THEIR_END },
    };
    const counts = await withRun(session, asked, (running) => closeOrFinish(abort, running));
    this.say([
      `[OK] Given up: ${counts.slotsClosed} open slots were closed, ${counts.slotsFinished} had keys at their new owner and were moved there.`,
    ]);
    if (plan.remarks.length > 0) this.setStatus(1);
    const outcome = plan.remarks.length > 0 ? 'left' : 'aborted';
    return { document: { ...base, ...counts, outcome }, run };
  }

  async #undo(
    session: Session,
    entry: NodeAddress,
    wish: AbortWish,
    { document, run }: { readonly document: AbortDocument; readonly run: StoredJournal },
  ): Promise<AbortDocument> {
    const { view } = await this.lookAt(session, entry);
    const plan = planUndo(view, begunOf(run.log), movesIn(latest(run)));
    const slotsUndone = slotsOf(plan);
    if (slotsUndone > 0 && wish.yes !== true) this.say(planText(plan, this.capabilities));
    const moving = this.moving(wish, lastChoicesOf(run.log));
    if (slotsUndone > 0) this.say(limitsText(moving, HOW_TO_LIFT));
    await this.review(plan, wish, `Move ${slotsUndone} slots back?`);
    await withRun(session, { plan, view, moving }, (running) => this.execute(plan, running));
    this.say([`[OK] ${slotsUndone} slots are back where they came from.`]);
    if (plan.remarks.length > 0) this.setStatus(1);
    const outcome = plan.remarks.length > 0 ? 'left' : document.outcome;
    return { ...document, outcome, slotsUndone, plan: planDocument(plan) };
  }
}

/** The journal as it is now: giving up may have finished some moves. */
function latest({ run, log }: StoredJournal): JournalLog {
  const found = new JournalStore().all().find((each) => each.run === run);
  return found && 'log' in found ? found.log : log;
}

async function closeOrFinish({ plan, open }: AbortPlan, { context }: Session) {
  for (const stage of plan.stages) if (stage !== open) await runStage(stage, context);
  const moves = open ? movesOf(open) : [];
  const left = await giveUpMoves(
    moves.map(({ node, source, slots }) => ({ source, target: node, slots })),
    context,
  );
  const slotsLeft = left.reduce((sum, { slots }) => sum + countSlots(slots), 0);
  const slotsOpen = moves.reduce((sum, { slots }) => sum + countSlots(slots), 0);
  if (slotsLeft > 0) await runStage(stageOf(left, open!), context);
  return {
    slotsFinished: slotsOf(plan) - slotsOpen + slotsLeft,
    slotsClosed: slotsOpen - slotsLeft,
  };
}

function stageOf(moves: readonly SlotMove[], { settled }: Stage): Stage {
  return {
    title: 'Moving on what has keys at its new owner',
    steps: moves.map(({ source, target, slots }) => ({
      kind: 'move-slots',
      ...{ node: target, source, slots, why: 'keys of it have arrived' },
    })),
    settled: {
      kind: 'slots-settled',
      owners: moves.map(({ target, slots }) => ({ node: target, slots })),
      witnesses: settled.kind === 'slots-settled' ? settled.witnesses : [],
    },
  };
}

function begunOf(log: JournalLog): Begun {
  const { plan, cluster } = log.header;
  return { plan, cluster, stepsDone: stepsDoneIn(log) };
}

/** Whatever was opened may have been moved: the cluster says whether it was. */
const movesIn = ({ entries }: JournalLog) =>
  entries.flatMap((entry) => (entry.kind === 'opening' ? [entry] : []));

const movesOf = ({ steps }: Stage): readonly Extract<Step, { kind: 'move-slots' }>[] =>
  steps.filter((step) => step.kind === 'move-slots');

const slotsOf = ({ stages }: Plan): number =>
  stages.flatMap(movesOf).reduce((sum, { slots }) => sum + countSlots(slots), 0);
