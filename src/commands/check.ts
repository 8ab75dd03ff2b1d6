import { Args, Flags } from '@oclif/core';
import { isHealthy } from '../lib/cluster/diagnose.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, clusterDocument, type ClusterDocument } from '../lib/cli/documents.js';
import { searchOwnersFlag } from '../lib/cli/flags.js';
import { checkText } from '../lib/render/check-text.js';

interface CheckDocument extends ClusterDocument {
  readonly schemaVersion: number;
  readonly kind: 'check';
}

export default class Check extends ClusterCommand {
  static override summary = 'Look at a cluster through every node of it, and say what is wrong.';
  static override description =
    'Asks every node in parallel. Exit status 0 only when the cluster is healthy.';
  static override strict = false;
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000',
    '<%= config.bin %> <%= command.id %> 127.0.0.1 7000 --json',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
  };
  static override flags = {
    strict: Flags.boolean({ summary: 'warnings count as well' }),
    'search-multiple-owners': searchOwnersFlag,
  };

  async run(): Promise<CheckDocument> {
    const { argv, flags } = await this.parse(Check);
    const target = this.oneNode(argv);
    return this.withSession(flags, [target], async (session) => {
      const { view, findings, slotKeys } = await this.lookAt(session, target.address, flags);
      this.say(checkText(view, findings, this.capabilities, slotKeys));
      if (!isHealthy(findings, { strict: flags.strict })) this.setStatus(1);
      const document = clusterDocument(view, findings, { strict: flags.strict });
      return { schemaVersion: SCHEMA_VERSION, kind: 'check', ...document };
    });
  }
}
