import { Args, Flags } from '@oclif/core';
import type { ClusterView } from '../lib/cluster/model.js';
import type { Session } from '../lib/cli/cluster-command.js';
import {
  MovingCommand,
  movingCommandFlags,
  type MovesDocument,
} from '../lib/cli/moving-command.js';
import { durationFlag } from '../lib/cli/flags.js';
import { WEIGHT_WORD, splitPair, weightsFrom } from '../lib/cli/weights.js';
import { askLoads } from '../lib/execute/slot-loads.js';
import { TribError } from '../lib/kernel/errors.js';
import {
  THRESHOLD_PERCENT,
  planRebalance,
  type RebalanceDecision,
} from '../lib/plan/plan-rebalance.js';
import { loadQuestions, type Measure, type SlotLoads } from '../lib/plan/slots/slot-loads.js';
import { balanceText } from '../lib/render/balance-text.js';
import { remarksText } from '../lib/render/plan-text.js';
import { transferLine } from '../lib/render/reshard-text.js';

interface SideDocument {
  readonly slots: number;
  readonly load: number;
}

interface RebalanceDocument extends MovesDocument {
  readonly kind: 'rebalance';
  readonly by: Measure | 'slots';
  readonly thresholdPercent: number;
  readonly shares: readonly {
    readonly node: string;
    readonly weight: number;
    readonly before: SideDocument;
    readonly after: SideDocument;
  }[];
}

/** Long enough for a few hundred commands of every slot that matters, short enough to wait for. */
const INTERVAL_MS = 5_000;

/** Who owns a hundredth of its share is that far off. */
const THRESHOLD_PERCENT_MAX = 10_000;

export default class Rebalance extends MovingCommand {
  static override summary = 'Give every primary its share of the slots, or of the load.';
  static override description =
    'By weight, with as few moves as can be. A second run does nothing. --threshold 0 evens out every difference.';
  static override strict = false;
  static override usage =
    'rebalance HOST:PORT [--weight NODE=W]... [--use-empty-masters] [--threshold P] [--by MEASURE]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --use-empty-masters',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --weight 3f1a2b70=2 --weight 9c0d1e2f=0',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 --by memory --dry-run',
  ];
  static override args = {
    node: Args.string({ description: 'host:port of any node', required: false }),
  };
  static override flags = {
    weight: Flags.string({
      aliases: ['cluster-weight'],
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'node=w',
      summary: 'share of a primary, 1 for all others; 0 empties it',
    }),
    'use-empty-masters': Flags.boolean({
      aliases: ['use-empty-primaries', 'cluster-use-empty-masters', 'cluster-use-empty-primaries'],
      summary: 'primaries without slots get some, too',
    }),
    threshold: Flags.string({
      aliases: ['cluster-threshold'],
      helpValue: '<percent>',
      summary: `nothing moves while all are within this [default: ${THRESHOLD_PERCENT}; 0: every difference]`,
    }),
    simulate: Flags.boolean({
      aliases: ['cluster-simulate'],
      summary: 'show what would be moved, and move nothing',
    }),
    by: Flags.option({
      options: ['slots', 'keys', 'memory', 'cpu', 'net'] as const,
      default: 'slots',
    })({
      summary: 'what is evened out',
    }),
    interval: durationFlag({
      summary: 'with --by cpu and net: how long is measured [default: 5s]',
    }),
    'auto-weights': Flags.boolean({ hidden: true }),
    ...movingCommandFlags,
  };

  async run(): Promise<RebalanceDocument> {
    const { argv, flags } = await this.parse(Rebalance);
    // `--cluster-weight a=1 b=2` gives several after one option.
    const words = argv.map(String);
    const pairs = [...(flags.weight ?? []), ...words.filter((word) => WEIGHT_WORD.test(word))];
    pairs.forEach(splitPair);
    const target = this.oneNode(words.filter((word) => !WEIGHT_WORD.test(word)));
    const thresholdPercent = thresholdFrom(flags.threshold);
    return this.withSession(flags, [target], async (session): Promise<RebalanceDocument> => {
      const look = await this.lookInOrder(session, target.address, flags, 'rebalancing');
      const loads = await this.#loadsBy(flags.by, session, look.view, flags.interval);
      const decision = planRebalance(look.view, {
        weights: weightsFrom(look.view, pairs),
        useEmpty: flags['use-empty-masters'],
        thresholdPercent,
        loads,
      });
      const base = { kind: 'rebalance', by: flags.by, ...sharesDocument(decision) } as const;
      this.#sayPicture(decision, flags.by);
      if (!(await this.review(decision.plan, flags)) || flags.simulate) {
        return { ...base, outcome: this.undone(flags), ...this.movesDocument(decision) };
      }
      const done = await this.carryOut(session, look, decision, flags);
      if (decision.transfers.length === 0) return { ...base, outcome: 'nothing-to-do', ...done };
      this.sayMoved(done, decision);
      return { ...base, outcome: 'moved', ...done };
    });
  }

  async #loadsBy(
    by: Measure | 'slots',
    { links, context }: Session,
    view: ClusterView,
    intervalMs = INTERVAL_MS,
  ): Promise<SlotLoads | undefined> {
    if (by === 'slots') return undefined;
    const isRate = by === 'cpu' || by === 'net';
    if (isRate) this.say([`>>> Measuring for ${intervalMs / 1_000} s what the slots are used for`]);
    const { signal } = context;
    const options = { intervalMs, ...(signal ? { signal } : {}) };
    const loads = await askLoads(links, loadQuestions(view), by, options);
    if (isRate && loads.of.every((load) => load === 0)) {
      const idle = 'No slot was used while it was measured: there is nothing to go by.';
      this.say(remarksText([idle], this.capabilities));
    }
    return loads;
  }

  #sayPicture(decision: RebalanceDecision, by: Measure | 'slots'): void {
    const { transfers, shares, thresholdPercent } = decision;
    if (transfers.length === 0 && !decision.isWithin) {
      const odd = `The nodes are not within the ${thresholdPercent}% threshold, but no slot that moves would bring them nearer.`;
      this.say(remarksText([odd], this.capabilities));
      return;
    }
    if (transfers.length === 0) {
      const within = thresholdPercent.toFixed(2);
      this.say([`*** No rebalancing needed! All nodes are within the ${within}% threshold.`]);
      return;
    }
    const weight = shares.reduce((sum, share) => sum + share.weight, 0);
    this.say([
      `>>> Rebalancing across ${shares.length} nodes. Total weight = ${weight.toFixed(2)}`,
      ...balanceText(shares, by, this.capabilities),
      ...transfers.map(transferLine),
    ]);
  }
}

function sharesDocument({ shares, thresholdPercent }: RebalanceDecision) {
  return {
    thresholdPercent,
    shares: shares.map(({ member, weight, before, after }) => ({
      node: member.id,
      weight,
      before,
      after,
    })),
  };
}

function thresholdFrom(text: string | undefined): number {
  if (text === undefined) return THRESHOLD_PERCENT;
  const percent = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : NaN;
  if (percent <= THRESHOLD_PERCENT_MAX) return percent;
  throw new TribError('USAGE', `'${text}' is no threshold.`, {
    hint: `It is in percent, 0 to ${THRESHOLD_PERCENT_MAX}; 0 evens out every difference.`,
  });
}
