import { Args } from '@oclif/core';
import { MovingCommand } from '../lib/cli/moving-command.js';
import { movingFlags } from '../lib/cli/moving-flags.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { withRun } from '../lib/cli/journal/run.js';
import { planFor, readPlan, refuseUnfit } from '../lib/cli/plan-files.js';
import { planText } from '../lib/render/plan-text.js';

interface ApplyDocument {
  readonly schemaVersion: number;
  readonly kind: 'apply';
  readonly outcome: 'applied' | 'dry-run';
  readonly plan: PlanDocument;
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
      if (!goes) return { ...base, outcome: 'dry-run' };
      const moving = this.moving(flags);
      await withRun(session, { plan, view, moving }, (running) => this.executeMoves(plan, running));
      this.say([`[OK] The plan for ${plan.command} is carried out.`]);
      return { ...base, outcome: 'applied' };
    });
  }
}
