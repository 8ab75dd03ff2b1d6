import { Args, Flags } from '@oclif/core';
import type { NodeAddress } from '../lib/cluster/model.js';
import { at } from '../lib/cluster/diagnose/context.js';
import { groupBy } from '../lib/cluster/group-by.js';
import { ClusterCommand, type Look, type Session } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION, planDocument, type PlanDocument } from '../lib/cli/documents.js';
import { dryRunFlag, yesFlag } from '../lib/cli/flags.js';
import { withRun } from '../lib/cli/journal/run.js';
import { repairFlags, repairMoving } from '../lib/cli/repair-flags.js';
import { keyDocument, type KeyDocument } from '../lib/cli/reply-text.js';
import { runRepairs, type Failure } from '../lib/execute/repair/run-repairs.js';
import { sampleKeys } from '../lib/execute/repair/sample-keys.js';
import { formatRanges } from '../lib/kernel/ranges.js';
import { orphansIn, planOrphans, type OrphanWish } from '../lib/plan/plan-orphans.js';
import { failuresText } from '../lib/render/fix-text.js';
import { orphansText, type ShownOrphans } from '../lib/render/orphans-text.js';

interface OrphansDocument {
  readonly schemaVersion: number;
  readonly kind: 'orphans';
  readonly outcome: 'none' | 'found' | 'dry-run' | 'migrated' | 'deleted' | 'not-all-done';
  readonly keyCount: number;
  readonly orphans: readonly OrphanDocument[];
  /** Nodes that did not say. */
  readonly silent: readonly { readonly node: string; readonly reason: string }[];
  readonly plan?: PlanDocument;
  readonly failures?: readonly { readonly slots: string; readonly message: string }[];
  readonly remaining?: readonly OrphanDocument[];
}

interface OrphanDocument {
  readonly node: string;
  readonly slot: number;
  readonly owner: string | null;
  readonly keyCount: number;
  readonly sample: readonly KeyDocument[];
  readonly left: string | null;
}

interface Found {
  readonly look: Look;
  readonly orphans: readonly ShownOrphans[];
  readonly silent: OrphansDocument['silent'];
}

/** Enough to recognise whose keys they are. */
const SAMPLE_KEYS_MAX = 5;

export default class OrphansCommand extends ClusterCommand {
  static override summary =
    'Find keys in slots that their node does not own; bring them home, or delete them.';
  static override description =
    'Clients never see such keys, and SLOT-STATS does not show them. A differing value is never overwritten.';
  static override strict = false;
  static override usage = 'orphans HOST:PORT [--migrate|--delete]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --migrate',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --delete --dry-run',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
  };
  static override flags = {
    migrate: Flags.boolean({ summary: 'bring them to the owners of their slots' }),
    delete: Flags.boolean({
      summary: 'delete them, on the nodes that do not own their slots',
      exclusive: ['migrate'],
    }),
    timeout: repairFlags.timeout,
    pipeline: repairFlags.pipeline,
    replace: repairFlags.replace,
    'dry-run': dryRunFlag,
    yes: yesFlag,
  };

  async run(): Promise<OrphansDocument> {
    const { argv, flags } = await this.parse(OrphansCommand);
    const target = this.oneNode(argv);
    const wish = flags.migrate ? 'migrate' : flags.delete ? 'delete' : undefined;
    return this.withSession(flags, [target], async (session) => {
      const found = await this.#find(session, target.address);
      const { orphans, look } = found;
      this.#sayFound(found);
      if (orphans.length > 0 && !flags['dry-run']) this.setStatus(1);
      const base = documentOf(found);
      if (wish === undefined || orphans.length === 0) {
        return { ...base, outcome: orphans.length === 0 ? 'none' : 'found' };
      }
      const plan = planOrphans(look.view, orphans, wish);
      const goes = await this.review(
        plan,
        flags,
        wish === 'delete' ? deletion(orphans) : undefined,
      );
      if (!goes) return { ...base, outcome: 'dry-run', plan: planDocument(plan) };
      const moving = repairMoving(flags);
      const failures = await withRun(
        session,
        { plan, view: look.view, moving, takesOpenSlots: true },
        ({ context }) => runRepairs(plan, context),
      );
      const after = await this.#find(session, target.address);
      return {
        ...base,
        ...this.#report(wish, failures, after),
        plan: planDocument(plan),
        failures: failures.map(({ slots, message }) => ({ slots: formatRanges(slots), message })),
      };
    });
  }

  async #find(session: Session, entry: NodeAddress): Promise<Found> {
    const look = await this.lookAt(session, entry, { 'search-multiple-owners': true });
    const { links, context } = session;
    const said = look.slotKeys ?? [];
    const options = context.signal ? { signal: context.signal } : {};
    const found = orphansIn(look.view, said);
    const shown: ShownOrphans[] = [];
    for (const [node, of] of groupBy(found, (one) => one.node)) {
      const wanted = { slots: of.map(({ slot }) => slot), keysMax: SAMPLE_KEYS_MAX };
      const samples = await sampleKeys(links, node.address, wanted, options);
      shown.push(...of.map((one) => ({ ...one, sample: samples.get(one.slot) ?? [] })));
    }
    const silent = [
      ...look.view.silences.map(({ address, reason }) => ({
        node: `${address.host}:${address.port}`,
        reason,
      })),
      ...said.flatMap(({ id, failure }) =>
        failure === undefined ? [] : [{ node: id, reason: failure }],
      ),
    ];
    return { look, orphans: shown, silent };
  }

  #sayFound({ orphans, silent }: Found): void {
    if (orphans.length === 0) this.say(['[OK] No node has keys of slots that it does not own.']);
    this.say(orphansText(orphans, this.capabilities));
    this.say(silent.map(({ node, reason }) => `[WARNING] ${node} did not say: ${reason}`));
  }

  #report(
    wish: OrphanWish,
    failures: readonly Failure[],
    after: Found,
  ): Pick<OrphansDocument, 'outcome' | 'remaining'> {
    this.say(failuresText(failures, this.capabilities));
    const remaining = documentOf(after).orphans;
    if (failures.length > 0 || remaining.length > 0) {
      this.#sayFound(after);
      this.setStatus(1);
      return { outcome: 'not-all-done', remaining };
    }
    this.setStatus(0);
    this.say([
      `[OK] ${wish === 'delete' ? 'Deleted' : 'Brought to the owners of their slots'}; none is left.`,
    ]);
    return { outcome: wish === 'delete' ? 'deleted' : 'migrated', remaining };
  }
}

function deletion(orphans: readonly ShownOrphans[]): string {
  const deleted = orphans.filter(({ left, owner }) => owner && !left);
  const keys = deleted.reduce((sum, { count }) => sum + count, 0);
  return `Delete ${keys} keys of ${deleted.length} slots for good?`;
}

function documentOf({ orphans, silent }: Found): Omit<OrphansDocument, 'outcome'> {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'orphans',
    keyCount: orphans.reduce((sum, { count }) => sum + count, 0),
    orphans: orphans.map(({ node, slot, owner, count, left, sample }) => ({
      node: at(node),
      slot,
      owner: owner ? at(owner) : null,
      keyCount: count,
      sample: sample.map(keyDocument),
      left: left?.why ?? null,
    })),
    silent,
  };
}
