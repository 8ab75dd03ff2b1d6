import { Args } from '@oclif/core';
import type { Session } from '../lib/cli/cluster-command.js';
import { MovingCommand } from '../lib/cli/moving-command.js';
import { movingFlags, type MovingFlags } from '../lib/cli/moving-flags.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { failureDocuments, type FailureDocument } from '../lib/cli/fix-document.js';
import { REPLANNED } from '../lib/cli/journal/log.js';
import { withRun, type RunWish } from '../lib/cli/journal/run.js';
import { planFor, readPlan, refuseUnfit } from '../lib/cli/plan-files.js';
import { repairMoving } from '../lib/cli/repair-flags.js';
import { runRepairs, type Failure } from '../lib/execute/repair/run-repairs.js';
import { failuresText } from '../lib/render/fix-text.js';
import { planText } from '../lib/render/plan-text.js';

interface ApplyDocument {
  readonly schemaVersion: number;
  readonly kind: 'apply';
  readonly outcome: 'applied' | 'dry-run' | 'not-all-done';
  readonly plan: PlanDocument;
  /** Of a repair: what could not be repaired. */
  readonly failures: readonly FailureDocument[];
}

export default class Apply extends MovingCommand {
  static override summary = 'Carry out a plan that --plan-out has written.';
  static override description =
    'Refused when the file is not as it was written, when it is for another cluster, or when the cluster has changed since (exit status 4).';
  static override strict = false;
  static override usage = 'apply FILE [HOST:PORT]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> plan.json',
    '<%= config.bin %> <%= command.id %> plan.json 127.0.0.1:7000 --yes',
  ];
  static override args = {
    file: Args.string({ description: 'the plan', required: false }),
    node: Args.string({
      description: 'host:port of any node [default: the one it was planned at]',
      required: false,
    }),
  };
  static override flags = { ...movingFlags, 'dry-run': dryRunFlag, yes: yesFlag };

  async run(): Promise<ApplyDocument> {
    const { argv, flags } = await this.parse(Apply);
    const [path, ...where] = this.operands(argv);
    if (path === undefined) throw this.usage('Which plan? Give the file.');
    const file = readPlan(path);
    const target = where.length === 0 ? { address: file.entry, isTls: false } : this.oneNode(where);
    return this.withSession(flags, [target], async (session) => {
      const { view } = await this.lookAt(session, target.address);
      refuseUnfit(file, view);
      const plan = planFor(view, file.plan);
      const base = {
        schemaVersion: SCHEMA_VERSION,
        kind: 'apply',
        plan: planDocument(plan),
      } as const;
      if (!flags['dry-run'] && !flags.yes) {
        this.say(planText(plan, this.capabilities));
      }
      const goes = await this.review(plan, flags, 'Carry out this plan?');
      if (!goes) return { ...base, outcome: 'dry-run', failures: [] };
      const failures = await this.#carryOut(session, { plan, view }, flags);
      this.say(failuresText(failures, this.capabilities));
      if (failures.length > 0) {
        this.setStatus(1);
        return { ...base, outcome: 'not-all-done', failures: failureDocuments(failures) };
      }
      this.say([`[OK] The plan for ${plan.command} is carried out.`]);
      return { ...base, outcome: 'applied', failures: [] };
    });
  }

  /** A repair is carried out as by the command that planned it: what stops one slot stops no other. */
  #carryOut(
    session: Session,
    { plan, view }: Pick<RunWish, 'plan' | 'view'>,
    flags: MovingFlags,
  ): Promise<readonly Failure[]> {
    if (REPLANNED.has(plan.command)) {
      const asked = { plan, view, moving: repairMoving(flags), takesOpenSlots: true };
      return withRun(session, asked, ({ context }) => runRepairs(plan, context));
    }
    return withRun(session, { plan, view, moving: this.moving(flags) }, async (running) => {
      await this.executeMoves(plan, running);
      return [];
    });
  }
}
