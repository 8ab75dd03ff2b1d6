import { Args } from '@oclif/core';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, clusterDocument, type NodeDocument } from '../lib/cli/documents.js';
import { infoText } from '../lib/render/info-text.js';

interface InfoDocument {
  readonly schemaVersion: number;
  readonly kind: 'info';
  readonly keys: number;
  readonly primaries: number;
  readonly nodes: readonly NodeDocument[];
}

export default class Info extends ClusterCommand {
  static override summary = 'Keys, slots and replicas of every primary.';
  static override strict = false;
  static override examples = ['<%= config.bin %> <%= command.id %> 127.0.0.1:7000'];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
  };

  async run(): Promise<InfoDocument> {
    const { argv, flags } = await this.parse(Info);
    const target = this.oneNode(argv);
    return this.withSession(flags, [target], async (session) => {
      const { view, findings } = await this.lookAt(session, target.address);
      this.say(infoText(view, this.capabilities));
      const { nodes } = clusterDocument(view, findings);
      const primaries = nodes.filter(({ role, silent }) => role === 'primary' && silent === null);
      return {
        schemaVersion: SCHEMA_VERSION,
        kind: 'info',
        keys: primaries.reduce((sum, { keys }) => sum + (keys ?? 0), 0),
        primaries: primaries.length,
        nodes,
      };
    });
  }
}
