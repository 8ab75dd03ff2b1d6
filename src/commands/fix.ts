import { Args, Flags } from '@oclif/core';
import type { Finding } from '../lib/cluster/finding.js';
import type { ClusterView, NodeAddress } from '../lib/cluster/model.js';
import { membersOf } from '../lib/cluster/view.js';
import {
  ClusterCommand,
  type Look,
  type LookFlags,
  type ReviewFlags,
  type Session,
} from '../lib/cli/cluster-command.js';
import { fixDocument, type FixDocument, type FixRound } from '../lib/cli/fix-document.js';
import { dryRunFlag, planOutFlag, searchOwnersFlag, yesFlag } from '../lib/cli/flags.js';
import { untilItFits } from '../lib/cli/journal/again.js';
import { withRun } from '../lib/cli/journal/run.js';
import { repairFlags, repairMoving, type RepairFlags } from '../lib/cli/repair-flags.js';
import { runRepairs, type Failure } from '../lib/execute/repair/run-repairs.js';
import { countKeysInSlots } from '../lib/execute/slot-keys.js';
import { waitFor } from '../lib/execute/wait.js';
import { TribError } from '../lib/kernel/errors.js';
import { countSlots, formatRanges, type SlotRange } from '../lib/kernel/ranges.js';
import { FIXABLE, type Fixable, type FixWish } from '../lib/plan/fix/fixable.js';
import { planFix, type FixDecision } from '../lib/plan/fix/plan-fix.js';
import { fixQuestions } from '../lib/plan/fix/questions.js';
import { unresolved } from '../lib/plan/fix/unresolved.js';
import { casesText, failuresText } from '../lib/render/fix-text.js';
import { planText } from '../lib/render/plan-text.js';

/** What one round repairs may show what else there is; what five leave is not repaired by a sixth. */
const ROUNDS_MAX = 5;

interface Task {
  readonly session: Session;
  readonly entry: NodeAddress;
  readonly wish: FixWish;
  readonly flags: ReviewFlags & RepairFlags;
}

export default class Fix extends ClusterCommand {
  static override summary =
    'Repair what is half done or contradictory, by evidence, without losing a key.';
  static override description =
    'Shows who claims what and who has which keys, then what it will do. Asks before it gives slots to others.';
  static override strict = false;
  static override usage = 'fix HOST:PORT [--only FINDING[,FINDING...]] [--dry-run]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --dry-run',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --only slot-open --yes',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --search-multiple-owners',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
  };
  static override flags = {
    only: Flags.string({
      summary: `repair nothing else: ${FIXABLE.join(', ')}`,
      helpValue: 'FINDING',
    }),
    'search-multiple-owners': searchOwnersFlag,
    'fix-with-unreachable-masters': Flags.boolean({
      aliases: [
        'fix-with-unreachable-primaries',
        'cluster-fix-with-unreachable-masters',
        'cluster-fix-with-unreachable-primaries',
      ],
      summary: 'give slots to others although a primary that may have their keys does not answer',
    }),
    ...repairFlags,
    'dry-run': dryRunFlag,
    'plan-out': planOutFlag,
    yes: yesFlag,
  };

  async run(): Promise<FixDocument> {
    const { argv, flags } = await this.parse(Fix);
    const target = this.oneNode(argv);
    const wish: FixWish = {
      only: this.#only(flags.only),
      withUnreachable: flags['fix-with-unreachable-masters'],
      searchesKeys: flags['search-multiple-owners'],
    };
    return this.withSession(flags, [target], async (session) => {
      const task = { session, entry: target.address, wish, flags };
      const look = await this.lookAt(session, target.address, flags);
      this.sayCheck(look);
      const decision = await this.#decide(task, look.view);
      this.#sayDecision(decision, flags);
      const goes = await this.review(decision.plan, flags, coverageQuestion(decision));
      if (!goes) return fixDocument([{ decision, failures: [] }], 'dry-run', []);
      const failures = await this.#carryOut(task, look.view, decision);
      return this.#goOn(task, look, { decision, failures });
    });
  }

  /** @throws TribError USAGE */
  #only(text: string | undefined): ReadonlySet<Fixable> | undefined {
    if (text === undefined) return undefined;
    const words = text.split(',').map((word) => word.trim());
    const strange = words.find((word) => !(FIXABLE as readonly string[]).includes(word));
    if (strange === undefined) return new Set(words as Fixable[]);
    throw this.usage(`fix cannot repair "${strange}", but ${FIXABLE.join(', ')}.`);
  }

  async #decide({ session, wish }: Task, view: ClusterView): Promise<FixDecision> {
    const { links, context } = session;
    const options = context.signal ? { signal: context.signal } : {};
    const evidence = await countKeysInSlots(links, fixQuestions(view, wish), options);
    return planFix(view, evidence, wish);
  }

  #sayDecision(decision: FixDecision, flags: ReviewFlags): void {
    this.say(casesText(decision.cases, this.capabilities));
    const isShown = flags['dry-run'] === true || flags['plan-out'] !== undefined;
    if (!isShown && hasSteps(decision)) this.say(planText(decision.plan, this.capabilities));
  }

  #carryOut(
    { session, flags }: Task,
    view: ClusterView,
    { plan }: FixDecision,
  ): Promise<readonly Failure[]> {
    const asked = { plan, view, moving: repairMoving(flags), takesOpenSlots: true };
    return withRun(session, asked, ({ context }) => runRepairs(plan, context));
  }

  /** Round after round, for as long as each leaves something else to repair than the one before. */
  async #goOn(task: Task, first: Look, round: FixRound): Promise<FixDocument> {
    const { wish } = task;
    const rounds = [round];
    let before = unresolved(first.findings, wish);
    let look = hasSteps(round.decision) ? await this.#settled(task, first, round) : first;
    for (;;) {
      const remaining = unresolved(look.findings, wish);
      const isLast =
        unresolved(look.findings, wish, slotsLeftIn(rounds.at(-1)!)).length === 0 ||
        areSame(before, remaining) ||
        rounds.length === ROUNDS_MAX;
      const next = isLast ? undefined : await this.#another(task);
      if (!next) return this.#report(rounds, remaining);
      rounds.push(next);
      before = remaining;
      look = await this.#settled(task, look, next);
    }
  }

  /** @returns undefined when there is nothing more to do, or it was declined. */
  async #another(task: Task): Promise<FixRound | undefined> {
    const { session, entry, wish, flags } = task;
    try {
      return await untilItFits(session.context, async () => {
        const { view } = await this.lookAt(session, entry, searchOf(wish));
        const decision = await this.#decide(task, view);
        if (!hasSteps(decision)) return undefined;
        this.say(['>>> There is more to repair now.']);
        this.#sayDecision(decision, flags);
        await this.review(decision.plan, flags, coverageQuestion(decision));
        return { decision, failures: await this.#carryOut(task, view, decision) };
      });
    } catch (error) {
      if (!(error instanceof TribError) || error.code !== 'DECLINED') throw error;
      this.note('Declined: what was repaired before stays repaired.');
      return undefined;
    }
  }

  /**
   * Gossip needs a moment. What could not be repaired is not waited for, nor what has stayed as it is for so
   * long that every node has heard of every other one.
   */
  async #settled({ session, entry, wish }: Task, before: Look, round: FixRound): Promise<Look> {
    const left = slotsLeftIn(round);
    const isHopeless = round.failures.some(({ slots }) => slots.length === 0);
    const patienceMs = gossipMs(before.view);
    const wait = { ...session.context, what: 'Looking at the cluster again' };
    let look = before;
    let known: { readonly words: string; readonly since: number } | undefined;
    await waitFor(wait, async () => {
      look = await this.lookAt(session, entry, searchOf(wish));
      const missing = unresolved(look.findings, wish, left).map(({ message }) => message);
      const words = missing.join('\n');
      if (words !== known?.words) known = { words, since: performance.now() };
      const isStill = performance.now() - known.since > patienceMs;
      return missing.length === 0 || isHopeless || isStill
        ? { done: true, value: undefined }
        : { done: false, missing };
    });
    return look;
  }

  #report(rounds: readonly FixRound[], remaining: readonly Finding[]): FixDocument {
    const { failures } = rounds.at(-1)!;
    this.say(failuresText(failures, this.capabilities));
    const isDone = failures.length === 0 && remaining.length === 0;
    const wasIdle = !hasSteps(rounds[0]!.decision);
    if (isDone) {
      this.say([wasIdle ? '[OK] There is nothing to fix.' : '[OK] All is repaired.']);
    } else {
      this.setStatus(1);
      this.say([
        `[ERR] Not everything could be repaired: ${remaining.length} finding${remaining.length === 1 ? '' : 's'} left.`,
        ...remaining.flatMap(({ message, id, cure }) => [
          `    - ${message} (${id})`,
          ...cure.map((line) => `    > ${line}`),
        ]),
      ]);
    }
    const outcome = !isDone ? 'not-all-fixed' : wasIdle ? 'nothing-to-do' : 'fixed';
    return fixDocument(rounds, outcome, remaining);
  }
}

const hasSteps = ({ plan }: FixDecision): boolean => plan.stages.length > 0;

function coverageQuestion({ covers }: FixDecision): string | undefined {
  const count = countSlots(covers);
  if (count === 0) return undefined;
  return `Give ${count} slot${count === 1 ? '' : 's'} that ${count === 1 ? 'belongs' : 'belong'} to no node to the nodes named above?`;
}

/** What is known not to be repaired by this round. */
function slotsLeftIn({ decision, failures }: FixRound): readonly SlotRange[] {
  return [
    ...failures.flatMap(({ slots }) => slots),
    ...decision.cases.filter(({ left }) => left).flatMap(({ slots }) => slots),
  ];
}

function areSame(some: readonly Finding[], others: readonly Finding[]): boolean {
  const textOf = (findings: readonly Finding[]): string =>
    findings
      .map(({ id, subject, slots }) => `${id} ${subject} ${formatRanges(slots)}`)
      .sort()
      .join('\n');
  return textOf(some) === textOf(others);
}

const searchOf = ({ searchesKeys }: FixWish): LookFlags => ({
  'search-multiple-owners': searchesKeys,
});

/** A node hears from every other one within half its node timeout; the rest is for a slow answer. */
function gossipMs(view: ClusterView): number {
  const timeouts = membersOf(view).map(({ claim }) => claim?.facts.nodeTimeoutMs ?? 0);
  return Math.max(...timeouts) / 2 + 1_000;
}
