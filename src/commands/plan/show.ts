import { Args, Flags } from '@oclif/core';
import { formatAddress, targetFrom } from '../../lib/cluster/address.js';
import { ClusterCommand } from '../../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../../lib/cli/documents.js';
import { fitOf, readPlan, type Fit } from '../../lib/cli/plan-files.js';
import { planText } from '../../lib/render/plan-text.js';

interface PlanShowDocument {
  readonly schemaVersion: number;
  readonly kind: 'plan';
  readonly madeAt: string;
  readonly entry: string;
  readonly plan: PlanDocument;
  /** Only with --against. */
  readonly fit?: Fit;
}

export default class PlanShow extends ClusterCommand {
  static override summary = 'Show a plan that --plan-out has written.';
  static override description =
    'With --against the cluster is asked whether the plan still fits; exit status 4 when it does not.';
  static override strict = false;
  static override usage = 'plan show FILE [--against HOST:PORT]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> plan.json',
    '<%= config.bin %> <%= command.id %> plan.json --against 127.0.0.1:7000',
  ];
  static override args = { file: Args.string({ description: 'the plan', required: false }) };
  static override flags = {
    against: Flags.string({
      summary: 'host:port of any node of the cluster: does it still fit?',
      helpValue: 'HOST:PORT',
    }),
  };

  async run(): Promise<PlanShowDocument> {
    const { argv, flags } = await this.parse(PlanShow);
    const [path, ...rest] = this.operands(argv);
    if (path === undefined || rest.length > 0) throw this.usage('Which plan? Give one file.');
    const file = readPlan(path);
    const entry = formatAddress(file.entry);
    const base = {
      schemaVersion: SCHEMA_VERSION,
      kind: 'plan',
      madeAt: file.madeAt,
      entry,
      plan: planDocument(file.plan),
    } as const;
    this.say([`Made ${file.madeAt} at ${entry}.`, ...planText(file.plan, this.capabilities)]);
    const { against } = flags;
    if (against === undefined) return base;
    const target = targetFrom(against);
    return this.withSession(flags, [target], async (session) => {
      const { view } = await this.lookAt(session, target.address);
      const fit = fitOf(file, view);
      this.say([fitText(fit)]);
      if (fit.kind !== 'fits') this.setStatus(STALE_STATUS);
      return { ...base, fit };
    });
  }
}

/** As PLAN_STALE has it. */
const STALE_STATUS = 4;

function fitText(fit: Fit): string {
  switch (fit.kind) {
    case 'fits':
      return '[OK] The plan fits the cluster.';
    case 'stale':
      return `[WARNING] The plan does not fit any more. ${fit.difference}`;
    case 'foreign':
      return '[WARNING] The plan is for another cluster.';
  }
}
