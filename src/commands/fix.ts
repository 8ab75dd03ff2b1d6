import { Args, Flags } from '@oclif/core';
import type { Finding } from '../lib/cluster/finding.js';
import type { ClusterView, NodeAddress } from '../lib/cluster/model.js';
import { ClusterCommand, type Look, type Session } from '../lib/cli/cluster-command.js';
import {
  SCHEMA_VERSION,
  findingDocument,
  planDocument,
  type FindingDocument,
  type PlanDocument,
} from '../lib/cli/documents.js';
import { dryRunFlag, planOutFlag, searchOwnersFlag, yesFlag } from '../lib/cli/flags.js';
import { withRun } from '../lib/cli/journal/run.js';
import { repairFlags, repairMoving } from '../lib/cli/repair-flags.js';
import { runRepairs, type Failure } from '../lib/execute/repair/run-repairs.js';
import { countKeysInSlots } from '../lib/execute/slot-keys.js';
import { waitFor } from '../lib/execute/wait.js';
import { countSlots, formatRanges } from '../lib/kernel/ranges.js';
import type { FixCase } from '../lib/plan/fix/case.js';
import { FIXABLE, type Fixable, type FixWish } from '../lib/plan/fix/fixable.js';
import { planFix, type FixDecision } from '../lib/plan/fix/plan-fix.js';
import { fixQuestions } from '../lib/plan/fix/questions.js';
import { unresolved } from '../lib/plan/fix/unresolved.js';
import { casesText, failuresText } from '../lib/render/fix-text.js';
import { planText } from '../lib/render/plan-text.js';

interface FixDocument {
  readonly schemaVersion: number;
  readonly kind: 'fix';
  readonly outcome: 'fixed' | 'not-all-fixed' | 'nothing-to-do' | 'dry-run';
  readonly cases: readonly CaseDocument[];
  readonly plan: PlanDocument;
  readonly failures: readonly FailureDocument[];
  /** What there was to fix and is still there. */
  readonly remaining: readonly FindingDocument[];
}

interface CaseDocument {
  readonly slots: string;
  readonly situation: readonly string[];
  readonly keys: FixCase['keys'];
  readonly verdict: string;
  readonly left: boolean;
  readonly hint: readonly string[];
}

interface FailureDocument {
  readonly slots: string;
  readonly message: string;
  readonly hints: readonly string[];
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
      const look = await this.lookAt(session, target.address, flags);
      this.sayCheck(look);
      const decision = await this.#decide(session, look.view, wish);
      this.say(casesText(decision.cases, this.capabilities));
      const isDry = flags['dry-run'] || flags['plan-out'] !== undefined;
      if (!isDry && hasSteps(decision)) this.say(planText(decision.plan, this.capabilities));
      const goes = await this.review(decision.plan, flags, coverageQuestion(decision));
      if (!goes) return documentOf(decision, { outcome: 'dry-run', failures: [], remaining: [] });
      const moving = repairMoving(flags);
      const failures = await withRun(
        session,
        { plan: decision.plan, view: look.view, moving, takesOpenSlots: true },
        ({ context }) => runRepairs(decision.plan, context),
      );
      const after = hasSteps(decision)
        ? await this.#verify(session, target.address, { wish, decision, failures })
        : look;
      const remaining = unresolved(after.findings, wish);
      return this.#report(decision, failures, remaining);
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

  async #decide(session: Session, view: ClusterView, wish: FixWish): Promise<FixDecision> {
    const { links, context } = session;
    const options = context.signal ? { signal: context.signal } : {};
    const evidence = await countKeysInSlots(links, fixQuestions(view, wish), options);
    return planFix(view, evidence, wish);
  }

  /** Gossip needs a moment; what could not be repaired is not waited for. */
  async #verify(
    session: Session,
    entry: NodeAddress,
    { wish, decision, failures }: Verification,
  ): Promise<Look> {
    const given = [
      ...failures.flatMap(({ slots }) => slots),
      ...decision.cases.filter(({ left }) => left).flatMap(({ slots }) => slots),
    ];
    const search = { 'search-multiple-owners': wish.searchesKeys };
    const wait = { ...session.context, what: 'Looking at the cluster again' };
    let look: Look | undefined;
    await waitFor(wait, async () => {
      look = await this.lookAt(session, entry, search);
      const missing = unresolved(look.findings, wish, given);
      return missing.length === 0 || failures.some(({ slots }) => slots.length === 0)
        ? { done: true, value: undefined }
        : { done: false, missing: missing.map(({ message }) => message) };
    });
    return look!;
  }

  #report(
    decision: FixDecision,
    failures: readonly Failure[],
    remaining: readonly Finding[],
  ): FixDocument {
    this.say(failuresText(failures, this.capabilities));
    const isDone = failures.length === 0 && remaining.length === 0;
    if (isDone) {
      this.say([hasSteps(decision) ? '[OK] All is repaired.' : '[OK] There is nothing to fix.']);
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
    const outcome = !isDone ? 'not-all-fixed' : hasSteps(decision) ? 'fixed' : 'nothing-to-do';
    return documentOf(decision, { outcome, failures, remaining });
  }
}

interface Verification {
  readonly wish: FixWish;
  readonly decision: FixDecision;
  readonly failures: readonly Failure[];
}

const hasSteps = ({ plan }: FixDecision): boolean => plan.stages.length > 0;

function coverageQuestion({ covers }: FixDecision): string | undefined {
  const count = countSlots(covers);
  if (count === 0) return undefined;
  return `Give ${count} slot${count === 1 ? '' : 's'} that ${count === 1 ? 'belongs' : 'belong'} to no node to the nodes named above?`;
}

function documentOf(
  { cases, plan }: FixDecision,
  rest: {
    readonly outcome: FixDocument['outcome'];
    readonly failures: readonly Failure[];
    readonly remaining: readonly Finding[];
  },
): FixDocument {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'fix',
    outcome: rest.outcome,
    cases: cases.map(({ slots, situation, keys, verdict, left }) => ({
      slots: formatRanges(slots),
      situation,
      keys,
      verdict,
      left: left !== undefined,
      hint: left?.hint ?? [],
    })),
    plan: planDocument(plan),
    failures: rest.failures.map(({ slots, message, hints }) => ({
      slots: formatRanges(slots),
      message,
      hints,
    })),
    remaining: rest.remaining.map(findingDocument),
  };
}
