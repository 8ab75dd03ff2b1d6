import { Args, Flags } from '@oclif/core';
import { formatAddress, targetFrom } from '../lib/cluster/address.js';
import { diagnose } from '../lib/cluster/diagnose.js';
import type { FindingId } from '../lib/cluster/finding.js';
import { selectNode } from '../lib/cluster/select-node.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import {
  SCHEMA_VERSION,
  clusterDocument,
  planDocument,
  type ClusterDocument,
  type PlanDocument,
} from '../lib/cli/documents.js';
import { dryRunFlag, searchOwnersFlag, yesFlag } from '../lib/cli/flags.js';
import { addNode } from '../lib/execute/add-node.js';
import { observe, observeNode } from '../lib/execute/observe.js';
import { planAddNode } from '../lib/plan/plan-add-node.js';
import { refOf } from '../lib/plan/node-ref.js';

interface AddNodeDocument extends Partial<ClusterDocument> {
  readonly schemaVersion: number;
  readonly kind: 'add-node';
  readonly outcome: 'added' | 'already-member' | 'dry-run';
  readonly node: string;
  readonly plan: PlanDocument;
}

/** Findings that make it unwise to grow: nobody could say which cluster is joined. */
const STOPPERS: ReadonlySet<FindingId> = new Set([
  'views-differ',
  'slot-open',
  'slot-multiple-owners',
  'keys-in-foreign-slot',
  'foreign-members',
]);

export default class AddNode extends ClusterCommand {
  static override summary = 'Let a new, empty node join a cluster.';
  static override description =
    'As a primary without slots, or with --slave as a replica. Waits until every node knows it.';
  static override strict = false;
  static override usage = 'add-node NEW_HOST:PORT HOST:PORT [--slave [--master-id ID]]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7006 127.0.0.1:7000',
    '<%= config.bin %> <%= command.id %> --slave --master-id 3f1a2b70 127.0.0.1:7006 127.0.0.1:7000',
  ];
  static override args = {
    new: Args.string({ description: 'host:port of the new node', required: false }),
    existing: Args.string({ description: 'host:port of any node of the cluster', required: false }),
  };
  static override flags = {
    slave: Flags.boolean({
      aliases: ['replica', 'cluster-slave', 'cluster-replica'],
      summary: 'add it as a replica',
    }),
    'master-id': Flags.string({
      aliases: ['primary-id', 'cluster-master-id', 'cluster-primary-id'],
      dependsOn: ['slave'],
      helpValue: '<id>',
      summary: 'whose replica; id, prefix or address [default: the primary with the fewest]',
    }),
    'search-multiple-owners': searchOwnersFlag,
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<AddNodeDocument> {
    const { argv, flags } = await this.parse(AddNode);
    const words = this.operands(argv);
    if (words.length !== 2) throw this.usage('Give the new node and one of the cluster.');
    const [newcomerAt, entry] = [targetFrom(words[0]!), targetFrom(words[1]!)];
    const node = formatAddress(newcomerAt.address);
    return this.withSession(flags, [newcomerAt, entry], async (session) => {
      const { links, context } = session;
      this.say([`>>> Adding node ${node} to cluster ${formatAddress(entry.address)}`]);
      const look = await this.lookAt(session, entry.address, flags);
      const { view } = look;
      this.sayCheck(look);
      const stoppers = look.findings.filter(({ id }) => STOPPERS.has(id));
      this.refuseUnhealthy(view, stoppers, 'adding a node');
      const newcomer = await observeNode(links, newcomerAt.address);
      const masterId = flags['master-id'];
      const { plan, primary } = planAddNode(view, newcomer, {
        asReplica: flags.slave,
        primaryId: masterId ? selectNode(view, masterId, { role: 'primary' }).id : undefined,
      });
      if (primary?.isChosen === true && plan.stages.length > 0) {
        this.say([`Automatically selected master ${formatAddress(primary.node.address)}`]);
      }
      const base = { schemaVersion: SCHEMA_VERSION, kind: 'add-node', node } as const;
      const goes = await this.review(plan, flags);
      if (!goes) return { ...base, outcome: 'dry-run', plan: planDocument(plan) };
      await addNode(plan, refOf(newcomer), context);
      const isNew = plan.stages.length > 0;
      if (isNew) this.say(['[OK] New node added correctly.']);
      const after = await observe(links, entry.address);
      return {
        ...base,
        outcome: isNew ? 'added' : 'already-member',
        plan: planDocument(plan),
        ...clusterDocument(after, diagnose(after)),
      };
    });
  }
}
