/**
 * Commands that move slots. They look once everything that passes by itself has passed, refuse a cluster
 * that is not in order, show what they will do, and look again when it is done.
 */
import { diagnose } from '../cluster/diagnose.js';
import type { Finding, FindingId } from '../cluster/finding.js';
import type { NodeAddress } from '../cluster/model.js';
import { formatAddress } from '../cluster/address.js';
import type { BigKey } from '../execute/move/moving.js';
import { observe } from '../execute/observe.js';
import { observeReady } from '../execute/ready-targets.js';
import { TribError } from '../kernel/errors.js';
import { countSlots, formatRanges } from '../kernel/ranges.js';
import type { Plan } from '../plan/plan.js';
import type { SlotTransfer } from '../plan/slots/slot-board.js';
import { ClusterCommand, type Look, type LookFlags, type Session } from './cluster-command.js';
import { Dialogue } from './dialogue.js';
import {
  SCHEMA_VERSION,
  clusterDocument,
  planDocument,
  type ClusterDocument,
  type PlanDocument,
} from './documents.js';
import { dryRunFlag, searchOwnersFlag, yesFlag } from './flags.js';
import { movingFlags, movingFrom, type MovingFlags } from './moving-flags.js';

export interface MovesDocument extends Partial<ClusterDocument> {
  readonly schemaVersion: number;
  readonly outcome: 'moved' | 'nothing-to-do' | 'dry-run';
  readonly plan: PlanDocument;
  readonly slotCount: number;
  readonly moves: readonly {
    readonly source: string;
    readonly target: string;
    readonly slots: string;
    readonly slotCount: number;
  }[];
}

export interface MovingDecision {
  readonly plan: Plan;
  readonly transfers: readonly SlotTransfer[];
}

export interface CarryOutFlags extends LookFlags {
  readonly 'dry-run'?: boolean | undefined;
}

/** Findings under which a move would make things worse, or nobody could say what it started from. */
const STOPPERS: ReadonlySet<FindingId> = new Set([
  'views-differ',
  'slot-uncovered',
  'slot-owner-down',
  'slot-open',
  'slot-multiple-owners',
  'keys-in-foreign-slot',
  'cluster-state-fail',
  'foreign-members',
]);

export const movingCommandFlags = {
  ...movingFlags,
  'search-multiple-owners': searchOwnersFlag,
  'dry-run': dryRunFlag,
  yes: yesFlag,
};

export abstract class MovingCommand extends ClusterCommand {
  /** The session with what was said about how to move. */
  protected movingSession(session: Session, flags: MovingFlags): Session {
    const moving = movingFrom(flags, session.connection, (keys) => this.#askBigKeys(keys));
    return { ...session, context: { ...session.context, moving } };
  }

  /**
   * The cluster, when it is in a state to move slots in.
   * @throws TribError UNHEALTHY
   */
  protected async lookInOrder(
    session: Session,
    entry: NodeAddress,
    flags: LookFlags,
    doing: string,
  ): Promise<Look> {
    const { view } = await observeReady(entry, session.context, STOPPERS);
    const look = await this.judge(session, view, flags);
    const stoppers = look.findings.filter(({ id }) => STOPPERS.has(id));
    this.#refuseOpen(look, stoppers, doing);
    this.refuseUnhealthy(view, stoppers, doing);
    return look;
  }

  /** Runs the plan, unless it is empty, and looks at what has become of the cluster. */
  protected async carryOut(
    session: Session,
    entry: NodeAddress,
    before: Look,
    { plan, transfers }: MovingDecision,
  ): Promise<Omit<MovesDocument, 'outcome'>> {
    if (plan.stages.length > 0) {
      await this.refuseStale(plan, () => observe(session.links, entry));
      await this.execute(plan, session);
    }
    const witness = plan.stages.length > 0 ? livingEntry(before, plan, entry) : entry;
    const view = await observe(session.links, witness);
    const findings = diagnose(view);
    this.#sayNewTrouble(before.findings, findings);
    return {
      ...this.movesDocument({ plan, transfers }),
      ...clusterDocument(view, findings),
    };
  }

  protected movesDocument({ plan, transfers }: MovingDecision): Omit<MovesDocument, 'outcome'> {
    return {
      schemaVersion: SCHEMA_VERSION,
      plan: planDocument(plan),
      slotCount: transfers.reduce((sum, { slots }) => sum + countSlots(slots), 0),
      moves: transfers.map(({ source, target, slots }) => ({
        source: source.id,
        target: target.id,
        slots: formatRanges(slots),
        slotCount: countSlots(slots),
      })),
    };
  }

  /** Marks of a move that was cut short are the one thing for which there is a command to go on with. */
  #refuseOpen({ view }: Look, stoppers: readonly Finding[], doing: string): void {
    const open = stoppers.filter(({ id }) => id === 'slot-open');
    if (open.length === 0) return;
    const { host, port } = view.claims.get(view.entryId)!.reachedAt;
    const entry = formatAddress({ host, port });
    throw new TribError('UNHEALTHY', `Please fix your cluster problems before ${doing}.`, {
      hint: [
        ...open.slice(0, 5).map(({ message, id }) => `${message} (${id})`),
        'trib resume   goes on with a move of trib that was cut short',
        `trib fix ${entry}   closes the slots, whoever opened them`,
      ],
      details: { findings: stoppers.map(({ id, subject }) => ({ id, subject })) },
    });
  }

  /** Trouble that was there before is not this command's. */
  #sayNewTrouble(before: readonly Finding[], after: readonly Finding[]): void {
    const known = new Set(before.map(({ id, subject }) => `${id} ${subject}`));
    const fresh = after.filter(
      ({ id, subject, severity }) => severity === 'error' && !known.has(`${id} ${subject}`),
    );
    if (fresh.length === 0) return;
    this.say(fresh.map(({ message, id }) => `[ERR] ${message} (${id})`));
    this.setStatus(1);
  }

  async #askBigKeys(keys: readonly BigKey[]): Promise<'move' | 'skip' | 'fail'> {
    const dialogue = new Dialogue(this.asking, 'Say --on-big-key skip, fail or move.');
    dialogue.tell(
      keys.map(
        ({ source, slot, key, bytes }) =>
          `Slot ${slot} of ${formatAddress(source.address)}: ${JSON.stringify(key)} takes ${bytes} bytes.`,
      ),
    );
    try {
      return await dialogue.askUntil(
        'Move these keys, skip their slots, or fail (move/skip/fail)? ',
        (answer) => {
          if (answer === 'move' || answer === 'skip' || answer === 'fail') return answer;
          throw new TribError('USAGE', `'${answer}' is none of move, skip and fail.`);
        },
      );
    } finally {
      dialogue.close();
    }
  }
}

/** A node that a plan takes out of the cluster knows nothing of it any more: another one is asked then. */
function livingEntry({ view }: Look, plan: Plan, entry: NodeAddress): NodeAddress {
  const gone = new Set(
    plan.stages.flatMap(({ steps }) =>
      steps.flatMap((step) => (step.kind === 'reset' ? [step.node.id] : [])),
    ),
  );
  if (!gone.has(view.entryId)) return entry;
  const other = [...view.claims.values()].find(({ self }) => !gone.has(self.id));
  return other?.reachedAt ?? entry;
}
