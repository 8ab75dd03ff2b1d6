import { Args, Flags } from '@oclif/core';
import { resolve } from 'node:path';
import { formatAddress, takeAddressWords, targetFrom } from '../lib/cluster/address.js';
import { countKeys } from '../lib/cluster/facts.js';
import type { ClusterView } from '../lib/cluster/model.js';
import { membersOf } from '../lib/cluster/view.js';
import { ClusterCommand, type Session } from '../lib/cli/cluster-command.js';
import { dataStoppers } from '../lib/cli/data-stoppers.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { keyDocument, type KeyDocument } from '../lib/cli/reply-text.js';
import { refuseTooOld } from '../lib/execute/restore/fitness.js';
import { loadFunctions } from '../lib/execute/restore/load-functions.js';
import { observe } from '../lib/execute/observe.js';
import { readBackup, type Backup } from '../lib/execute/restore/read-backup.js';
import { restoreKeys, type RestoreTally } from '../lib/execute/restore/restore-keys.js';
import type { DataStep } from '../lib/plan/data-step.js';
import type { Plan } from '../lib/plan/plan.js';
import { planRestore } from '../lib/plan/plan-restore.js';
import { restoreText, type RestoreCounts } from '../lib/render/restore-text.js';

interface RestoreDocument extends Partial<RestoreCounts> {
  readonly schemaVersion: number;
  readonly kind: 'restore';
  readonly outcome: 'restored' | 'incomplete' | 'nothing-to-do' | 'dry-run';
  readonly folder: string;
  readonly keyCount: number;
  readonly plan: PlanDocument;
  readonly restored?: number;
  readonly alreadyThere?: number;
  readonly expired?: number;
  readonly conflicts?: number;
  readonly verified?: number;
  readonly differing?: number;
  readonly named?: readonly KeyDocument[];
}

interface RestoreFlags {
  readonly replace: boolean;
  readonly verify: boolean;
  readonly 'skip-functions': boolean;
}

export default class Restore extends ClusterCommand {
  static override summary =
    'Put the data of a backup into a cluster, of the same shape or another.';
  static override description =
    'All files are checked before anything is changed. Keys and functions come back, with their times to live; nodes keep who they are.';
  static override strict = false;
  static override usage = 'restore FOLDER HOST:PORT [--replace] [--yes]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./monday 127.0.0.1:7000 --dry-run',
    '<%= config.bin %> <%= command.id %> ./monday 127.0.0.1:7000 --yes --verify',
  ];
  static override args = {
    folder: Args.string({ description: 'what `trib backup` has made', required: false }),
    node: Args.string({ description: 'host:port of any node of the cluster', required: false }),
  };
  static override flags = {
    replace: Flags.boolean({
      summary: 'into a cluster that has keys: those of the same name are overwritten',
    }),
    'skip-functions': Flags.boolean({ summary: 'restore the keys alone' }),
    'without-manifest': Flags.boolean({
      summary: 'take all RDB files of the folder, such as a backup of redis-cli has',
    }),
    verify: Flags.boolean({ summary: 'compare every key with what was sent' }),
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<RestoreDocument> {
    const { argv, flags } = await this.parse(Restore);
    const [first, ...words] = this.operands(argv);
    if (first === undefined || words.length === 0) {
      throw this.usage('Give the folder of a backup and a node of the cluster.');
    }
    const { text, rest } = takeAddressWords(words);
    if (rest.length > 0) throw this.usage(`Unexpected argument: ${rest[0]!}`);
    const target = targetFrom(text);
    const folder = resolve(first);
    return this.withSession(flags, [target], async (session) => {
      const { links, context } = session;
      const look = await this.lookAt(session, target.address);
      this.sayCheck(look);
      this.refuseUnhealthy(look.view, dataStoppers(look.findings), 'restoring');
      this.say([`>>> Checking the backup in ${folder}`]);
      const backup = await readBackup(folder, {
        nowMs: Date.now(),
        withoutManifest: flags['without-manifest'],
        signal: context.signal,
      });
      const { view } = look;
      const wish = { replace: flags.replace, skipFunctions: flags['skip-functions'] };
      const plan = planRestore(view, backup.contents, wish);
      await refuseTooOld(backup, view, links);
      const base = {
        schemaVersion: SCHEMA_VERSION,
        kind: 'restore',
        folder,
        keyCount: backup.contents.keyCount,
        plan: planDocument(plan),
      } as const;
      const question = `Restore ${backup.contents.keyCount} keys into the cluster at ${formatAddress(target.address)}?`;
      if (!(await this.reviewData(plan, flags, question))) return { ...base, outcome: 'dry-run' };
      if (plan.stages.length === 0) {
        this.say(['[OK] The backup holds nothing to restore.']);
        return { ...base, outcome: 'nothing-to-do' };
      }
      // While the question was thought about, somebody may have begun to use the cluster.
      const now = await observe(links, target.address);
      const fresh = planRestore(now, backup.contents, wish);
      const tally = await this.#restore(fresh, backup, now, session, flags);
      const after = keysIn(await observe(links, target.address));
      const counts = countsAfter(keysIn(now), after, tally);
      this.say(restoreText(tally, counts, this.capabilities));
      const isWhole = tally.conflicts === 0 && tally.differing === 0 && counts.missing === 0;
      if (!isWhole) this.setStatus(1);
      const { named, expiring: _, ...told } = tally;
      return {
        ...base,
        outcome: isWhole ? 'restored' : 'incomplete',
        ...told,
        ...counts,
        named: named.map(keyDocument),
      };
    });
  }

  async #restore(
    plan: Plan<DataStep>,
    backup: Backup,
    view: ClusterView,
    { context }: Session,
    flags: RestoreFlags,
  ): Promise<RestoreTally> {
    const { functions } = backup;
    const steps = plan.stages.flatMap((stage) => stage.steps);
    for (const { kind, node } of steps) {
      if (kind === 'load-functions' && functions !== undefined) {
        await loadFunctions(functions, node, context.links, flags.replace);
      }
    }
    const job = { backup, view, replace: flags.replace, verify: flags.verify };
    return restoreKeys(job, context);
  }
}

function keysIn(view: ClusterView): number {
  return membersOf(view)
    .filter(({ role, claim }) => role === 'primary' && claim)
    .reduce((sum, { claim }) => sum + countKeys(claim!.facts), 0);
}

/** What was restored must be there, but for those whose time may be up by now. */
function countsAfter(before: number, after: number, tally: RestoreTally): RestoreCounts {
  const missing = Math.max(0, tally.restored - tally.expiring - after);
  return { before, after, missing };
}
