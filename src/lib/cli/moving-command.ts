/**
 * Commands that move slots. They look once everything that passes by itself has passed, refuse a cluster
 * that is not in order, show what they will do, and look again when it is done.
 */
import { diagnose } from '../cluster/diagnose.js';
import type { Finding } from '../cluster/finding.js';
import type { ClusterView, NodeAddress } from '../cluster/model.js';
import { ownershipOf } from '../cluster/ownership.js';
import { formatAddress } from '../cluster/address.js';
import type { BigKey, Moving } from '../execute/move/moving.js';
import { observe } from '../execute/observe.js';
import { waitReady } from '../execute/wait-ready.js';
import { TribError } from '../kernel/errors.js';
import { countSlots, formatRanges, rangesOf, slotsIn } from '../kernel/ranges.js';
import type { Plan } from '../plan/plan.js';
import type { SlotTransfer } from '../plan/slots/slot-board.js';
import { ClusterCommand, type Look, type LookFlags, type Session } from './cluster-command.js';
import { DATA_STOPPERS, dataStoppers } from './data-stoppers.js';
import { Dialogue } from './dialogue.js';
import {
  SCHEMA_VERSION,
  clusterDocument,
  planDocument,
  type ClusterDocument,
  type PlanDocument,
} from './documents.js';
import { dryRunFlag, planOutFlag, searchOwnersFlag, yesFlag } from './flags.js';
import { withRun } from './journal/run.js';
import type { MovingChoices } from './journal/log.js';
import { movingFlags, movingFrom, type MovingFlags } from './moving-flags.js';

export interface MovesDocument extends Partial<ClusterDocument> {
  readonly schemaVersion: number;
  readonly outcome: 'moved' | 'nothing-to-do' | 'dry-run' | 'planned';
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

export const movingCommandFlags = {
  ...movingFlags,
  'search-multiple-owners': searchOwnersFlag,
  'dry-run': dryRunFlag,
  'plan-out': planOutFlag,
  yes: yesFlag,
};

export abstract class MovingCommand extends ClusterCommand {
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
    const view = await waitReady(entry, session.context, DATA_STOPPERS);
    const look = await this.lookOf(session, entry, view, flags);
    const stoppers = dataStoppers(look.findings);
    this.#refuseOpen(look, stoppers, doing);
    this.refuseUnhealthy(view, stoppers, doing);
    return look;
  }

  /**
   * Runs the plan, with a journal and as the only one at it, and looks at what has become of the cluster.
   * An empty plan changes nothing, but is looked at all the same.
   */
  protected async carryOut(
    session: Session,
    before: Look,
    { plan, transfers }: MovingDecision,
    flags: MovingFlags,
  ): Promise<Omit<MovesDocument, 'outcome'>> {
    const { view } = before;
    const moving = this.moving(flags);
    await withRun(session, { plan, view, moving }, (running) => this.executeMoves(plan, running));
    const entry = entryAfter(view, plan);
    // That a node without slots became a replica is told by gossip, a little after the slots.
    const after =
      plan.stages.length > 0
        ? await waitReady(entry, session.context, DATA_STOPPERS)
        : await observe(session.links, entry);
    const findings = diagnose(after);
    this.#sayNewTrouble(before.findings, findings);
    return {
      ...this.movesDocument({ plan, transfers: arrived(transfers, after) }),
      ...clusterDocument(after, findings),
    };
  }

  /** A node that some forgot and others did not comes back by gossip: a removal is not left half-way. */
  protected async executeMoves(plan: Plan, running: Session): Promise<void> {
    const [moves, removal] = cutAtReset(plan);
    await this.execute(moves, running);
    await this.executeWhole(removal, running);
  }

  /** How to move: what was typed, over how a run was begun that is gone on with. */
  protected moving(flags: MovingFlags, begun?: MovingChoices): Omit<Moving, 'journal' | 'login'> {
    return movingFrom(flags, (keys) => this.#askBigKeys(keys), begun);
  }

  /** `[OK] 1000 slots moved.`, or of how many. */
  protected sayMoved({ slotCount }: Pick<MovesDocument, 'slotCount'>, plan: MovingDecision): void {
    const wanted = this.movesDocument(plan).slotCount;
    const slots = (count: number): string => `${count} slot${count === 1 ? '' : 's'}`;
    if (slotCount === wanted) {
      this.say([`[OK] ${slots(slotCount)} moved.`]);
      return;
    }
    this.say([`[WARNING] ${slots(slotCount)} of ${wanted} moved; the others stay where they are.`]);
  }

  /** Why nothing was done: it was only to be shown, or written to a file. */
  protected undone(flags: { readonly 'plan-out'?: string | undefined }): 'planned' | 'dry-run' {
    return flags['plan-out'] === undefined ? 'dry-run' : 'planned';
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
        `trib resume ${entry} goes on with a move of trib that was cut off; trib abort ${entry} gives it up.`,
        `trib fix ${entry} mends what neither of them can.`,
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

/** What of it the targets own now: slots of big keys may have been left out. */
function arrived(transfers: readonly SlotTransfer[], after: ClusterView): readonly SlotTransfer[] {
  const { ownerOf } = ownershipOf(after);
  return transfers.flatMap((transfer) => {
    const slots = rangesOf(
      [...slotsIn(transfer.slots)].filter((slot) => ownerOf[slot]?.id === transfer.target.id),
    );
    return slots.length === 0 ? [] : [{ ...transfer, slots }];
  });
}

/** Before and from the stage in which a node leaves the cluster. */
function cutAtReset(plan: Plan): readonly [Plan, Plan] {
  const at = plan.stages.findIndex(({ steps }) => steps.some(({ kind }) => kind === 'reset'));
  const cut = at < 0 ? plan.stages.length : at;
  return [
    { ...plan, stages: plan.stages.slice(0, cut) },
    { ...plan, stages: plan.stages.slice(cut) },
  ];
}

/** A node that a plan takes out of the cluster knows nothing of it any more: another one is asked then. */
function entryAfter({ claims, entryId }: ClusterView, plan: Plan): NodeAddress {
  const leaving = plan.stages.flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === 'reset' ? [step.node.id] : [])),
  );
  const staying = [...claims.values()].filter(({ self }) => !leaving.includes(self.id));
  const entry = staying.find(({ self }) => self.id === entryId) ?? staying[0];
  return (entry ?? claims.get(entryId)!).reachedAt;
}
