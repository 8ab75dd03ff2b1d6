import { Args, Flags } from '@oclif/core';
import { formatAddress, targetFrom } from '../lib/cluster/address.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { observeAll } from '../lib/execute/observe.js';
import { planReset } from '../lib/plan/plan-reset.js';

interface ResetDocument {
  readonly schemaVersion: number;
  readonly kind: 'reset';
  readonly outcome: 'reset' | 'dry-run';
  readonly nodes: readonly string[];
  readonly plan: PlanDocument;
}

export default class Reset extends ClusterCommand {
  static override summary = 'Make nodes empty again: no peers, no slots.';
  static override description =
    'Only the nodes given are changed. --hard gives a new id and epoch 0 as well; --flush deletes keys.';
  static override strict = false;
  static override usage = 'reset HOST:PORT... [--soft|--hard] [--flush]';
  static override examples = ['<%= config.bin %> <%= command.id %> 127.0.0.1:7005 --hard'];
  static override args = {
    node: Args.string({ description: 'host:port of the node', required: false }),
  };
  static override flags = {
    soft: Flags.boolean({ summary: 'keep the id and the epoch (the default)' }),
    hard: Flags.boolean({ summary: 'a new id, epoch 0', exclusive: ['soft'] }),
    flush: Flags.boolean({ summary: 'delete all keys first' }),
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<ResetDocument> {
    const { argv, flags } = await this.parse(Reset);
    const { target, rest } = this.firstNode(argv);
    const targets = [target, ...rest.map(targetFrom)];
    return this.withSession(flags, targets, async (session) => {
      const addresses = targets.map(({ address }) => address);
      const { claims, errors } = await observeAll(session.links, addresses);
      if (errors.length > 0) throw errors[0];
      const mode = flags.hard ? 'hard' : 'soft';
      const plan = planReset(claims, { mode, flush: flags.flush });
      const nodes = addresses.map(formatAddress);
      const base = {
        schemaVersion: SCHEMA_VERSION,
        kind: 'reset',
        nodes,
        plan: planDocument(plan),
      } as const;
      const question = `Reset ${nodes.join(', ')} (${mode}${flags.flush ? ', all keys deleted' : ''})?`;
      if (!(await this.review(plan, flags, question))) return { ...base, outcome: 'dry-run' };
      await this.executeWhole(plan, session);
      this.say([`[OK] Reset: ${nodes.join(', ')}`]);
      return { ...base, outcome: 'reset' };
    });
  }
}
