import { Args, Flags } from '@oclif/core';
import { diagnose } from '../lib/cluster/diagnose.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, clusterDocument, type ClusterDocument } from '../lib/cli/documents.js';
import { waitConverged } from '../lib/execute/convergence.js';

interface WaitDocument extends ClusterDocument {
  readonly schemaVersion: number;
  readonly kind: 'wait';
}

export default class Wait extends ClusterCommand {
  static override summary = 'Wait until the cluster has converged.';
  static override description =
    'Every node knows every other, all agree, all say cluster_state:ok, every replica is linked. --deadline bounds the wait.';
  static override strict = false;
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --deadline 30s',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --nodes 6',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
  };
  static override flags = {
    nodes: Flags.integer({ min: 1, summary: 'so many nodes must be there' }),
    'ignore-failed': Flags.boolean({ summary: 'dead nodes do not hold up the rest' }),
  };

  async run(): Promise<WaitDocument> {
    const { argv, flags } = await this.parse(Wait);
    const target = this.oneNode(argv);
    return this.withSession(flags, [target], async ({ context }) => {
      const view = await waitConverged(target.address, context, {
        ...(flags.nodes === undefined ? {} : { nodeCount: flags.nodes }),
        ignoreSilent: flags['ignore-failed'],
      });
      const findings = diagnose(view);
      const idle = findings.filter(({ id }) => id === 'primary-without-slots');
      this.say([
        `[OK] The cluster has converged: ${view.claims.size} nodes agree.`,
        ...idle.map(({ message, id }) => `[INFO] ${message} (${id})`),
      ]);
      const document = clusterDocument(view, findings);
      return { schemaVersion: SCHEMA_VERSION, kind: 'wait', ...document };
    });
  }
}
