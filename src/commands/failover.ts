import { Args, Flags } from '@oclif/core';
import { formatAddress } from '../lib/cluster/address.js';
import { nameOf, selectNode } from '../lib/cluster/select-node.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { planFailover } from '../lib/plan/plan-failover.js';

interface FailoverDocument {
  readonly schemaVersion: number;
  readonly kind: 'failover';
  readonly outcome: 'promoted' | 'dry-run';
  readonly mode: 'graceful' | 'force' | 'takeover';
  readonly promoted: string;
  readonly demoted: string;
  readonly plan: PlanDocument;
}

export default class Failover extends ClusterCommand {
  static override summary = 'Let a replica take over from its primary.';
  static override description =
    'Gracefully by default: nothing is lost. Ends when roles, slots and the other replicas have changed.';
  static override strict = false;
  static override usage = 'failover HOST:PORT [NODE] [--force|--takeover]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7003',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 3f1a2b70 --force',
  ];
  static override args = {
    node: Args.string({
      description: 'host:port of any node; the one meant, when no other is named',
      required: false,
    }),
    replica: Args.string({
      description: 'a replica, or a primary whose best replica is meant: id, prefix or address',
      required: false,
    }),
  };
  static override flags = {
    force: Flags.boolean({ summary: 'without the primary, when it is dead' }),
    takeover: Flags.boolean({
      summary: 'without asking anybody, when most primaries are dead',
      exclusive: ['force'],
    }),
    'accept-data-loss': Flags.boolean({ summary: 'promote a replica that lacks data' }),
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<FailoverDocument> {
    const { argv, flags } = await this.parse(Failover);
    const { target, rest } = this.firstNode(argv);
    if (rest.length > 1) throw this.usage(`Unexpected argument: ${rest[1]!}`);
    const mode = flags.takeover ? 'takeover' : flags.force ? 'force' : 'graceful';
    return this.withSession(flags, [target], async (session) => {
      const { view } = await this.lookAt(session, target.address);
      const id = rest[0] === undefined ? view.entryId : selectNode(view, rest[0]).id;
      const acceptDataLoss = flags['accept-data-loss'];
      const { plan, replica, primary } = planFailover(view, id, { mode, acceptDataLoss });
      const question = `Promote ${nameOf(replica)} in place of ${nameOf(primary)} (${mode}: writes may be lost)?`;
      const base = {
        schemaVersion: SCHEMA_VERSION,
        kind: 'failover',
        mode,
        promoted: replica.id,
        demoted: primary.id,
        plan: planDocument(plan),
      } as const;
      const goes = await this.review(plan, flags, mode === 'graceful' ? undefined : question);
      if (!goes) return { ...base, outcome: 'dry-run' };
      await this.refuseStale(plan, async () => (await this.lookAt(session, target.address)).view);
      await this.execute(plan, session);
      this.say([
        `[OK] ${formatAddress(replica.address)} is the primary now, in place of ${formatAddress(primary.address)}.`,
      ]);
      return { ...base, outcome: 'promoted' };
    });
  }
}
