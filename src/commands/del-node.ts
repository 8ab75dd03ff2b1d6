import { Args, Flags } from '@oclif/core';
import { formatAddress } from '../lib/cluster/address.js';
import { selectNode } from '../lib/cluster/select-node.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { planDelNode } from '../lib/plan/plan-removal.js';

interface DelNodeDocument {
  readonly schemaVersion: number;
  readonly kind: 'del-node';
  readonly outcome: 'removed' | 'dry-run';
  readonly node: string;
  readonly plan: PlanDocument;
}

export default class DelNode extends ClusterCommand {
  static override summary = 'Take a node without slots out of the cluster, also a dead one.';
  static override description =
    'Its replicas get another primary first; every node forgets it, which is verified; then it is reset.';
  static override strict = false;
  static override usage = 'del-node HOST:PORT NODE [--reset none|soft|hard] [--shutdown]';
  static override examples = ['<%= config.bin %> <%= command.id %> 127.0.0.1:7000 3f1a2b70'];
  static override args = {
    node: Args.string({ description: 'host:port of any node that stays', required: false }),
    victim: Args.string({ description: 'id, prefix of one, or address', required: false }),
  };
  static override flags = {
    reset: Flags.option({ options: ['none', 'soft', 'hard'] as const, default: 'soft' })({
      summary: 'how the removed node is reset',
    }),
    shutdown: Flags.boolean({ summary: 'shut the removed node down' }),
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<DelNodeDocument> {
    const { argv, flags } = await this.parse(DelNode);
    const { target, rest } = this.firstNode(argv);
    if (rest.length !== 1) throw this.usage('Give a node of the cluster, and the one to remove.');
    return this.withSession(flags, [target], async (session) => {
      const { view } = await this.lookAt(session, target.address);
      const victim = selectNode(view, rest[0]!);
      this.say([`>>> Removing node ${victim.id} from cluster ${formatAddress(target.address)}`]);
      const plan = planDelNode(view, victim.id, { reset: flags.reset, shutdown: flags.shutdown });
      const base = {
        schemaVersion: SCHEMA_VERSION,
        kind: 'del-node',
        node: victim.id,
        plan: planDocument(plan),
      } as const;
      if (!(await this.review(plan, flags))) return { ...base, outcome: 'dry-run' };
      await this.executeWhole(plan, session);
      this.say([`[OK] Node ${victim.id} removed from the cluster.`]);
      return { ...base, outcome: 'removed' };
    });
  }
}
