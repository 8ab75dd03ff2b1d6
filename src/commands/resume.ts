import { Args, Flags } from '@oclif/core';
import { formatAddress } from '../lib/cluster/address.js';
import type { ClusterView, NodeAddress } from '../lib/cluster/model.js';
import { nameOf } from '../lib/cluster/select-node.js';
import type { ReviewFlags, Session } from '../lib/cli/cluster-command.js';
import { MovingCommand } from '../lib/cli/moving-command.js';
import { HOW_TO_LIFT, movingFlags, type MovingFlags } from '../lib/cli/moving-flags.js';
import {
  SCHEMA_VERSION,
  limitsDocument,
  planDocument,
  type LimitsDocument,
  type PlanDocument,
} from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { untilItFits } from '../lib/cli/journal/again.js';
import { cutOffRun, stepsDoneIn } from '../lib/cli/journal/find-run.js';
import { lastChoicesOf } from '../lib/cli/journal/log.js';
import { withRun } from '../lib/cli/journal/run.js';
import type { StoredJournal } from '../lib/cli/journal/store.js';
import { shortId } from '../lib/kernel/node-id.js';
import { planFinish, planResume, type Rest } from '../lib/plan/plan-resume.js';
import { limitsText } from '../lib/render/move-text.js';

interface ResumeDocument {
  readonly schemaVersion: number;
  readonly kind: 'resume';
  /** `nothing`: no run was cut off, and no slot is open. `left`: some slots could not be dealt with. */
  readonly outcome: 'resumed' | 'nothing' | 'left' | 'dry-run';
  /** The run that was gone on with; null when there was no journal. */
  readonly run: string | null;
  readonly slotsDone: number;
  readonly slotsMoved: number;
  /** What holds it back: as it was begun, but for what is typed now. */
  readonly limits: LimitsDocument;
  readonly plan: PlanDocument;
}

interface ResumeWish extends ReviewFlags, MovingFlags {
  readonly run?: string | undefined;
}

export default class Resume extends MovingCommand {
  static override summary = 'Go on with a move of slots that was cut off.';
  static override description = `Its journal has the plan, the cluster says how far it came, and the rest is done. Where a node has failed
over meanwhile, the node that took its place goes on. It moves as it was begun, but for what is typed now. On another machine, without the journal, the slots that
are open are finished in the direction they were going.`;
  static override strict = false;
  static override usage = 'resume HOST:PORT [--run ID]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --dry-run',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
  };
  static override flags = {
    run: Flags.string({
      summary: 'this one, where several were cut off [default: the last]',
      helpValue: 'ID',
    }),
    ...movingFlags,
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<ResumeDocument> {
    const { argv, flags } = await this.parse(Resume);
    const target = this.oneNode(argv);
    return this.withSession(flags, [target], (session) =>
      untilItFits(session.context, () => this.#resume(session, target.address, flags)),
    );
  }

  async #resume(session: Session, entry: NodeAddress, wish: ResumeWish): Promise<ResumeDocument> {
    const { view } = await this.lookAt(session, entry);
    const run = cutOffRun(view, wish.run);
    const rest = run ? restOf(run, view) : planFinish(view);
    const { plan } = rest;
    const moving = this.moving(wish, run && lastChoicesOf(run.log));
    const base = {
      schemaVersion: SCHEMA_VERSION,
      kind: 'resume',
      run: run?.run ?? null,
      slotsDone: rest.slotsDone,
      slotsMoved: 0,
      limits: limitsDocument(moving),
      plan: planDocument(plan),
    } as const;
    const isIdle = plan.stages.length === 0;
    if (!run && isIdle && plan.remarks.length === 0) {
      this.say(['[OK] Nothing to resume: no run was cut off here, and no slot is open.']);
      return { ...base, outcome: 'nothing' };
    }
    this.say([...introduction(run, rest), ...limitsText(moving, run ? HOW_TO_LIFT : '')]);
    if (!(await this.review(plan, wish))) return { ...base, outcome: 'dry-run' };
    if (run || !isIdle) {
      const asked = { plan, view, moving, takesOpenSlots: true, continues: run };
      await withRun(session, { ...asked, places: rest.places }, (running) =>
        this.executeMoves(plan, running),
      );
    }
    if (plan.remarks.length > 0) this.setStatus(1);
    else this.say([`[OK] ${conclusion(rest)}`]);
    const outcome = plan.remarks.length > 0 ? 'left' : 'resumed';
    return { ...base, outcome, slotsMoved: rest.slotsLeft };
  }
}

function restOf({ log }: StoredJournal, view: ClusterView): Rest {
  const { plan, cluster } = log.header;
  return planResume(view, { plan, cluster, stepsDone: stepsDoneIn(log) });
}

function introduction(run: StoredJournal | undefined, rest: Rest): readonly string[] {
  if (!run) {
    return [
      '>>> No journal of a run is on this machine: going by the slots that are open.',
      'What was planned but not begun cannot be known here; it stays where it is.',
    ];
  }
  const { command, started } = run.log.header;
  return [
    `>>> Going on with the ${command} that began ${started} (${run.run}): ${rest.slotsDone} slots are done, ${rest.slotsLeft} are left.`,
    ...rest.replaced.map(
      ({ was, is }) => `${shortId(was)} has failed over: ${nameOf(is)} is there in its place.`,
    ),
  ];
}

function conclusion({ slotsDone, slotsLeft, plan }: Rest): string {
  if (plan.stages.length === 0) return `Nothing is left to do: ${slotsDone} slots had been moved.`;
  const targets = new Set(
    plan.stages.flatMap(({ steps }) =>
      steps.flatMap((step) =>
        step.kind === 'move-slots' ? [formatAddress(step.node.address)] : [],
      ),
    ),
  );
  if (targets.size === 0) return 'What was left to do is done.';
  return `${slotsLeft} slots were moved to ${[...targets].join(', ')}; no slot is open.`;
}
