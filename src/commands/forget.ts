import { Args, Flags } from '@oclif/core';
import { nameOf, selectNode } from '../lib/cluster/select-node.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { failedMembers, planForget } from '../lib/plan/plan-removal.js';

interface ForgetDocument {
  readonly schemaVersion: number;
  readonly kind: 'forget';
  readonly outcome: 'forgotten' | 'nothing-to-do' | 'dry-run';
  readonly nodes: readonly string[];
  readonly plan: PlanDocument;
}

export default class Forget extends ClusterCommand {
  static override summary = 'Let every node forget one that is gone for good.';
  static override description =
    'All are told at once, replicas too, since whoever is told later than 60 s brings it back by gossip.';
  static override strict = false;
  static override usage = 'forget HOST:PORT NODE... | forget HOST:PORT --all-failed';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 127.0.0.1:7005',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --all-failed --yes',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node that stays', required: false }),
    gone: Args.string({ description: 'id, prefix of one, or address', required: false }),
  };
  static override flags = {
    'all-failed': Flags.boolean({ summary: 'all nodes the cluster holds for dead' }),
    'accept-data-loss': Flags.boolean({
      summary: 'also a node that still owns slots, or that a live replica still follows',
    }),
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<ForgetDocument> {
    const { argv, flags } = await this.parse(Forget);
    const { target, rest } = this.firstNode(argv);
    if (rest.length === 0 && !flags['all-failed']) {
      throw this.usage('Which node shall be forgotten? Name it, or use --all-failed.');
    }
    return this.withSession(flags, [target], async (session) => {
      const { view } = await this.lookAt(session, target.address);
      const named = rest.map((word) => selectNode(view, word));
      const victims = [...new Set([...named, ...(flags['all-failed'] ? failedMembers(view) : [])])];
      const ids = [...new Set(victims.map(({ id }) => id))];
      const plan = planForget(view, ids, { accept: flags['accept-data-loss'] });
      const base = {
        schemaVersion: SCHEMA_VERSION,
        kind: 'forget',
        nodes: ids,
        plan: planDocument(plan),
      } as const;
      if (ids.length === 0) {
        this.say(['[OK] No node is held for dead: nothing to forget.']);
        return { ...base, outcome: 'nothing-to-do' };
      }
      const names = victims.map(nameOf).join(', ');
      const goes = await this.review(plan, flags, `Let the whole cluster forget ${names}?`);
      if (!goes) return { ...base, outcome: 'dry-run' };
      await this.refuseStale(plan, async () => (await this.lookAt(session, target.address)).view);
      await this.executeWhole(plan, session);
      this.say([`[OK] Forgotten by every node that answers: ${names}`]);
      return { ...base, outcome: 'forgotten' };
    });
  }
}
