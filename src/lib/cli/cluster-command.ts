/**
 * Commands that talk to servers. They share one pipeline: observe, diagnose, plan, review, execute, verify,
 * report; the session holds the links and sees to it that everything is closed at the end.
 */
import { takeAddressWords, targetFrom, type Target } from '../cluster/address.js';
import { diagnose } from '../cluster/diagnose.js';
import { fingerprintOf } from '../cluster/fingerprint.js';
import type { Finding, FindingId } from '../cluster/finding.js';
import type { ClusterView, NodeAddress } from '../cluster/model.js';
import { pictureOf, type ClusterPicture } from '../cluster/picture.js';
import type { SlotKeys } from '../cluster/slot-keys.js';
import { announcer } from '../client/announce.js';
import type { ConnectionOptions } from '../client/connection-options.js';
import { RedisLinks } from '../client/redis-links.js';
import type { ExecutionContext } from '../execute/context.js';
import type { ExecutionEvent } from '../execute/events.js';
import { observe } from '../execute/observe.js';
import { runPlan } from '../execute/run-plan.js';
import { countForeignKeys } from '../execute/slot-keys.js';
import { TribError, assert } from '../kernel/errors.js';
import type { DataStep } from '../plan/data-step.js';
import type { Plan } from '../plan/plan.js';
import { clusterCheckText } from '../render/check-text.js';
import { planText, remarksText } from '../render/plan-text.js';
import { ProgressText } from '../render/progress-text.js';
import { TribCommand } from './base-command.js';
import { connectionFrom, deadlineFrom } from './connection.js';
import {
  connectionFlags,
  eventsFlag,
  outputFlags,
  quietYesFlag,
  type ConnectionFlags,
} from './flags.js';
import { INTERRUPTED_STATUS, Interruption } from './interruption.js';
import { refuseStalePlan } from './journal/stale.js';
import { writePlan } from './plan-files.js';
import { confirm, type Asking } from './prompt.js';

export interface Session {
  readonly links: RedisLinks;
  readonly connection: ConnectionOptions;
  readonly context: ExecutionContext;
}

export interface SessionFlags extends ConnectionFlags {
  readonly verbose?: boolean | undefined;
  readonly events?: boolean | undefined;
}

export interface LookFlags {
  readonly 'search-multiple-owners'?: boolean | undefined;
}

/** A cluster as all its nodes see it, and what is wrong with it. */
export interface Look {
  readonly view: ClusterView;
  readonly findings: readonly Finding[];
  /** Only when it was asked for. */
  readonly slotKeys?: readonly SlotKeys[] | undefined;
}

export interface ReviewFlags {
  readonly yes?: boolean | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly 'plan-out'?: string | undefined;
}

/** Findings whose first evidence is why a node does not answer. */
const WHY_SILENT: ReadonlySet<FindingId> = new Set(['node-unreachable', 'slot-owner-down']);

export abstract class ClusterCommand extends TribCommand {
  static override baseFlags = {
    ...outputFlags,
    ...connectionFlags,
    events: eventsFlag,
    yes: quietYesFlag,
  };

  #progress: ProgressText | undefined;
  /** Every cluster looked at, by its fingerprint: what a plan was made for, should it have changed. */
  readonly #looks = new Map<
    string,
    { readonly entry: NodeAddress; readonly cluster: ClusterPicture }
  >();

  /** `host:port`, or `host port`, and nothing else. */
  protected oneNode(argv: readonly unknown[]): Target {
    const { target, rest } = this.firstNode(argv);
    if (rest.length > 0) throw this.usage(`Unexpected argument: ${rest[0]!}`);
    return target;
  }

  protected firstNode(argv: readonly unknown[]): {
    readonly target: Target;
    readonly rest: readonly string[];
  } {
    const words = this.operands(argv);
    if (words.length === 0) throw this.usage('Which node? Give host:port of any node.');
    const { text, rest } = takeAddressWords(words);
    return { target: targetFrom(text), rest };
  }

  /** Runs `work` with links that are closed whatever happens. */
  protected async withSession<T>(
    flags: SessionFlags,
    targets: readonly Target[],
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const words = {
      finishing: (line: string) => {
        this.#write(this.#progress?.end() ?? '');
        this.note(line);
      },
      unheard: () => this.stopOutput(),
      stopped: (error: TribError) => {
        this.#write(this.#progress?.end() ?? '');
        this.sayLast(error);
      },
    };
    // Looking is over when nobody looks.
    const interruption = new Interruption(words, { heedsReader: this.#changesThings });
    let links: RedisLinks | undefined;
    try {
      const connection = await connectionFrom(flags, targets, {
        ...this.asking,
        env: process.env,
        warn: (line) => this.note(line),
      });
      links = new RedisLinks(connection);
      this.#progress = new ProgressText(this.capabilities, {
        verbose: flags.verbose === true,
        terminal: process.stdout.isTTY,
      });
      const result = await work({
        links,
        connection,
        context: {
          links,
          deadlineMs: deadlineFrom(flags),
          signal: interruption.signal,
          report: (event) => this.#report(event, flags),
          announce: announcer(connection),
          atExit: interruption.atExit,
        },
      });
      if (interruption.signal.aborted) this.setStatus(INTERRUPTED_STATUS);
      return result;
    } finally {
      this.#write(this.#progress?.end() ?? '');
      links?.closeAll();
      interruption.dispose();
    }
  }

  protected async lookAt(
    session: Session,
    entry: NodeAddress,
    flags: LookFlags = {},
  ): Promise<Look> {
    const { links, context } = session;
    const view = await observe(links, entry, context.signal ? { signal: context.signal } : {});
    return this.lookOf(session, entry, view, flags);
  }

  /** What is to be said of a view that was made just now. */
  protected async lookOf(
    session: Session,
    entry: NodeAddress,
    view: ClusterView,
    flags: LookFlags = {},
  ): Promise<Look> {
    const cluster = pictureOf(view);
    this.#looks.set(fingerprintOf(cluster), { entry, cluster });
    return this.judge(session, view, flags);
  }

  protected async judge(
    { links, context }: Session,
    view: ClusterView,
    flags: LookFlags,
  ): Promise<Look> {
    if (flags['search-multiple-owners'] !== true) return { view, findings: diagnose(view) };
    const options = context.signal ? { signal: context.signal } : {};
    const slotKeys = await countForeignKeys(links, view, options);
    return { view, findings: diagnose(view, slotKeys), slotKeys };
  }

  /** The sections of a check that redis-trib prints on the way. @throws UNHEALTHY on errors */
  protected refuseUnhealthy(view: ClusterView, findings: readonly Finding[], doing: string): void {
    const errors = findings.filter(({ severity }) => severity === 'error');
    if (errors.length === 0) return;
    const entry = view.claims.get(view.entryId)!;
    throw new TribError('UNHEALTHY', `Please fix your cluster problems before ${doing}.`, {
      hint: [
        ...errors.slice(0, 5).flatMap(({ message, id, evidence }) => [
          `${message} (${id})`,
          // Why it does not answer is what the reader can do something about.
          ...(WHY_SILENT.has(id) ? evidence.slice(0, 1) : []),
        ]),
        `trib check ${entry.reachedAt.host}:${entry.reachedAt.port} tells what to do.`,
      ],
      details: { findings: errors.map(({ id, subject }) => ({ id, subject })) },
    });
  }

  protected sayCheck({ view, findings, slotKeys }: Look): void {
    this.say(clusterCheckText(view, findings, this.capabilities, slotKeys));
  }

  /**
   * Shows what a plan does where it is asked for, asks where data can be lost.
   * @returns false when it stops here (`--dry-run`, `--plan-out`).
   */
  protected async review(plan: Plan, flags: ReviewFlags, question?: string): Promise<boolean> {
    if (flags['dry-run'] === true) {
      this.say(planText(plan, this.capabilities));
      return false;
    }
    if (flags['plan-out'] !== undefined) {
      this.#writePlan(plan, flags['plan-out']);
      return false;
    }
    await this.#accept(plan, flags, question);
    return true;
  }

  /** As `review`, for plans that carry data: they are not kept in files. */
  protected async reviewData(
    plan: Plan<DataStep>,
    flags: ReviewFlags,
    question?: string,
  ): Promise<boolean> {
    if (flags['dry-run'] === true) {
      this.say(planText(plan, this.capabilities));
      return false;
    }
    await this.#accept(plan, flags, question);
    return true;
  }

  async #accept(
    { remarks, stages }: Pick<Plan<unknown>, 'remarks' | 'stages'>,
    flags: ReviewFlags,
    question: string | undefined,
  ): Promise<void> {
    this.say(remarksText(remarks, this.capabilities));
    const isIdle = stages.every(({ steps }) => steps.length === 0);
    if (question !== undefined && flags.yes !== true && !isIdle) {
      await confirm(question, this.asking);
    }
  }

  /**
   * While somebody thought about the question, or planned the same thing next door, the cluster may have
   * changed. @throws TribError PLAN_STALE
   */
  protected async refuseStale(plan: Plan, look: () => Promise<ClusterView>): Promise<void> {
    refuseStalePlan(plan, this.#looks.get(plan.fingerprint)?.cluster, pictureOf(await look()));
  }

  protected async execute(plan: Plan, { context }: Session): Promise<void> {
    await runPlan(plan, context);
  }

  /**
   * For plans that would leave a mess if they ended half-way: a node that some forgot and others did not
   * comes back by gossip. An interruption is heeded after the last step; every wait has its deadline.
   */
  protected async executeWhole(plan: Plan, { context }: Session): Promise<void> {
    await runPlan(plan, { ...context, signal: undefined });
  }

  protected get asking(): Asking {
    const isDocument = this.jsonEnabled();
    const output = isDocument || !process.stdout.isTTY ? process.stderr : process.stdout;
    return { stdin: process.stdin, output };
  }

  /** What can be tried dry. */
  get #changesThings(): boolean {
    // Commands without any options have no record of them, whatever the types say.
    return 'dry-run' in { ...this.ctor.flags };
  }

  #writePlan(plan: Plan, path: string): void {
    const look = this.#looks.get(plan.fingerprint);
    assert(look !== undefined, 'a plan is for a cluster that was looked at');
    const { host, port } = look.entry;
    const madeAt = new Date().toISOString();
    writePlan(path, { madeAt, entry: { host, port }, plan, cluster: look.cluster });
    this.say([
      ...planText(plan, this.capabilities),
      `The plan is in ${path}. Carry it out with: trib apply ${path}`,
    ]);
  }

  #report(event: ExecutionEvent, flags: SessionFlags): void {
    if (this.isSilent) return;
    if (flags.events === true) process.stdout.write(`${JSON.stringify({ event })}\n`);
    else if (!this.jsonEnabled()) this.#write(this.#progress?.next(event) ?? '');
  }

  #write(text: string): void {
    if (text !== '' && !this.isSilent) process.stdout.write(text);
  }
}
