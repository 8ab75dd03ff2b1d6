import { Args, Flags } from '@oclif/core';
import { join, resolve } from 'node:path';
import { isHealthy } from '../lib/cluster/diagnose.js';
import { SnapshotLinks } from '../lib/client/snapshot-link.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, searchOwnersFlag, yesFlag } from '../lib/cli/flags.js';
import { NODES_NAME, type Manifest } from '../lib/execute/backup/manifest.js';
import { runBackup } from '../lib/execute/backup/run-backup.js';
import { planBackup } from '../lib/plan/plan-backup.js';

interface BackupDocument {
  readonly schemaVersion: number;
  readonly kind: 'backup';
  readonly outcome: 'saved' | 'dry-run';
  readonly folder: string;
  readonly plan: PlanDocument;
  readonly manifest?: Omit<Manifest, 'schemaVersion' | 'kind'>;
}

export default class Backup extends ClusterCommand {
  static override summary =
    'Save the data of every shard, and how the cluster was made, to a folder.';
  static override description =
    'All shards at once; a backup is complete when its manifest.json is there. `trib restore` reads it.';
  static override strict = false;
  static override usage = 'backup HOST:PORT FOLDER [--from-replicas]';
  static override examples = ['<%= config.bin %> <%= command.id %> 127.0.0.1:7000 ./monday'];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
    folder: Args.string({ description: 'where to; made when it is missing', required: false }),
  };
  static override flags = {
    'from-replicas': Flags.boolean({ summary: 'spare the primaries, where a replica is up to it' }),
    'search-multiple-owners': searchOwnersFlag,
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<BackupDocument> {
    const { argv, flags } = await this.parse(Backup);
    const words = this.operands(argv);
    // The last word is the folder, so that `host port folder` reads well, too.
    const { target, rest } = this.firstNode(words.slice(0, -1));
    if (rest.length > 0) throw this.usage('Give a node of the cluster and a folder.');
    // '' would be the folder that the shell happens to be in.
    if (words.at(-1)!.trim() === '') throw this.usage('Which folder? Its name is empty.');
    const folder = resolve(words.at(-1)!);
    return this.withSession(flags, [target], async (session) => {
      const look = await this.lookAt(session, target.address, flags);
      this.sayCheck(look);
      const { view, findings } = look;
      const plan = planBackup(view, { fromReplicas: flags['from-replicas'] });
      const base = {
        schemaVersion: SCHEMA_VERSION,
        kind: 'backup',
        folder,
        plan: planDocument(plan),
      } as const;
      if (!(await this.reviewData(plan, flags))) return { ...base, outcome: 'dry-run' };
      const snapshots = new SnapshotLinks(session.connection);
      const made = await runBackup({ plan, view, findings, folder, snapshots }, session.context);
      this.say([`Saving cluster configuration to: ${join(folder, NODES_NAME)}`]);
      if (!isHealthy(findings)) {
        this.say([
          "*** Cluster seems to have some problems, please be aware of it if you're going to restore this backup.",
        ]);
      }
      this.say([`[OK] Backup created into: ${folder}`]);
      const { schemaVersion: _, kind: __, ...manifest } = made;
      return { ...base, outcome: 'saved', manifest };
    });
  }
}
