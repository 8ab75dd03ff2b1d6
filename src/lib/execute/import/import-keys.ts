/**
 * The import itself: all keys of the source are listed, page by page, and put into batches by the node that
 * owns them; every node has a lane of its own, so that a slow one does not hold up the others for long. A
 * key that finds its slot gone goes to the new owner; one that the cluster has already is compared. What
 * has been moved is gone from the source, so running the same again goes on where it ended.
 */
import { formatAddress } from '../../cluster/address.js';
import { countKeys } from '../../cluster/facts.js';
import { AssertionFailure, TribError, messageOf } from '../../kernel/errors.js';
import { isSameValue } from '../../wire/rdb/same-value.js';
import type { NodeRef } from '../../plan/plan.js';
import type { ExecutionContext } from '../context.js';
import type { Link } from '../links.js';
import { Owners } from '../owners.js';
import { refuseCollisions } from './collisions.js';
import {
  addOutcome,
  emptyTally,
  handledIn,
  nameKeys,
  type ImportJob,
  type ImportTally,
  type KeyBatch,
  type Outcome,
} from './import-job.js';
import { askIn, scanKeys, weigh } from './source.js';
import { StraightCarrier } from './straight.js';
import { ToolCarrier, type FetchedKey } from './through-tool.js';

/** Batches of a lane under way or waiting: the listing goes on meanwhile, in bounded memory. */
const LANE_BATCHES_MAX = 2;
const PROGRESS_EVERY_MS = 1_000;
/** A TTL travels as a remaining time: it may arrive later by as long as the journey took. */
const TTL_SLACK_MS = 10_000;

interface Lane {
  readonly target: NodeRef;
  readonly tool: ToolCarrier;
  readonly straight: StraightCarrier;
  way: 'straight' | 'through-tool';
  /** The target has, or had, keys: those of the same name are looked for first. */
  mayCollide: boolean;
  readonly pending: { key: string; bytes: number }[];
  /** Keys that wait or are on their way: a table that shrinks is listed twice in places. */
  readonly busy: Set<string>;
  pendingBytes: number;
  readonly running: Promise<void>[];
}

/**
 * @returns what was counted, conflicts included.
 * @throws TribError REFUSED for collisions, INTERRUPTED, whatever ends an import; hints say how to go on.
 */
export async function importKeys(job: ImportJob, context: ExecutionContext): Promise<ImportTally> {
  if (job.plan.databases.length > 1) await refuseCollisions(job, context.signal);
  const importing = new Import(job, context);
  const { databases, keyCount } = job.plan;
  const title = `*** Importing ${keyCount} keys from DB ${databases.join(', ')}`;
  const startedAt = performance.now();
  context.report({ kind: 'transfer-started', title, unit: 'keys', total: keyCount });
  let saidAt = startedAt;
  importing.onProgress = (done) => {
    const nowMs = performance.now();
    if (nowMs - saidAt < PROGRESS_EVERY_MS) return;
    saidAt = nowMs;
    const elapsedMs = Math.round(nowMs - startedAt);
    context.report({ kind: 'transfer-progress', title, done, total: keyCount, elapsedMs });
  };
  const tally = await importing.run();
  const elapsedMs = Math.round(performance.now() - startedAt);
  context.report({ kind: 'transfer-done', title, done: handledIn(tally), elapsedMs });
  return tally;
}

class Import {
  onProgress: (done: number) => void = () => undefined;
  readonly #job: ImportJob;
  readonly #context: ExecutionContext;
  readonly #owners: Owners;
  readonly #lanes = new Map<string, Lane>();
  readonly #tally = emptyTally();
  #failure: unknown;
  #seen = 0;

  constructor(job: ImportJob, context: ExecutionContext) {
    this.#job = job;
    this.#context = context;
    this.#owners = new Owners(job.view, context);
  }

  async run(): Promise<ImportTally> {
    for (const database of this.#job.plan.databases) {
      try {
        await this.#list(database);
      } catch (error) {
        this.#failure ??= error;
      }
      // A lane that ends may have sent keys to another one.
      for (const lane of this.#lanes.values()) await Promise.all(lane.running);
      if (this.#isOver) break;
    }
    if (this.#failure !== undefined) throw withOutcome(this.#failure, this.#tally);
    if (this.#context.signal?.aborted === true) throw interrupted(this.#tally);
    if (!this.#job.copy) this.#tally.remaining = await this.#countLeft();
    return this.#tally;
  }

  /** Conflicts, and what was written after it was listed. */
  async #countLeft(): Promise<number> {
    const { source, plan } = this.#job;
    let count = 0;
    for (const database of plan.databases) {
      const [size] = await askIn(source.links.to(source.address), database, [['DBSIZE']]);
      count += typeof size === 'number' ? size : 0;
    }
    return count;
  }

  get #isOver(): boolean {
    return this.#failure !== undefined || this.#context.signal?.aborted === true;
  }

  async #list(database: number): Promise<void> {
    const { source, batchBytesMax, batchKeysMax } = this.#job;
    const link = source.links.to(source.address);
    for await (const keys of scanKeys(link, database)) {
      for (const entry of await weigh(link, database, keys, source.version)) {
        const lane = await this.#laneFor(entry.key);
        if (lane.busy.has(entry.key)) continue;
        const isFull =
          lane.pending.length >= batchKeysMax || lane.pendingBytes + entry.bytes > batchBytesMax;
        if (isFull) await this.#send(lane, database);
        lane.pending.push(entry);
        lane.busy.add(entry.key);
        lane.pendingBytes += entry.bytes;
      }
      if (this.#isOver) return;
    }
    for (const lane of this.#lanes.values()) await this.#send(lane, database);
  }

  async #laneFor(key: string): Promise<Lane> {
    const target = await this.#ownerOf(key);
    const name = formatAddress(target.address);
    const known = this.#lanes.get(name);
    if (known) return known;
    const { source, view, plan } = this.#job;
    const link: Link = source.links.apart(source.address);
    const tool = new ToolCarrier(this.#job, link, this.#context.links);
    const claim = view.claims.get(target.id);
    const lane: Lane = {
      target,
      tool,
      straight: new StraightCarrier(this.#job, link, tool),
      way: plan.way,
      mayCollide: !this.#job.replace && (claim === undefined || countKeys(claim.facts) > 0),
      pending: [],
      busy: new Set(),
      pendingBytes: 0,
      running: [],
    };
    this.#lanes.set(name, lane);
    return lane;
  }

  async #ownerOf(key: string): Promise<NodeRef> {
    const giveUpAt = performance.now() + this.#context.deadlineMs;
    for (;;) {
      const owner = this.#owners.of(key);
      if (owner) return owner;
      if (performance.now() > giveUpAt) throw nobodyOwns();
      await this.#owners.refresh();
    }
  }

  /** Waits for room in the lane, not for the batch. */
  async #send(lane: Lane, database: number): Promise<void> {
    const entries = lane.pending.splice(0);
    const bytes = lane.pendingBytes;
    lane.pendingBytes = 0;
    if (entries.length === 0) return;
    const batch = { database, keys: entries.map(({ key }) => key), bytes };
    while (lane.running.length >= LANE_BATCHES_MAX) await lane.running[0];
    if (this.#isOver) return;
    const before = lane.running.at(-1) ?? Promise.resolve();
    const work: Promise<void> = before
      .then(() => (this.#isOver ? undefined : this.#deliver(lane, batch)))
      .catch((error: unknown) => void (this.#failure ??= error))
      .finally(() => {
        for (const key of batch.keys) lane.busy.delete(key);
        void lane.running.splice(lane.running.indexOf(work), 1);
      });
    lane.running.push(work);
  }

  /** Until every key of the batch is where it belongs; strays go to the new owners of their slots. */
  async #deliver(lane: Lane, batch: KeyBatch): Promise<void> {
    const giveUpAt = performance.now() + this.#context.deadlineMs;
    let left: readonly { readonly lane: Lane; readonly batch: KeyBatch }[] = [{ lane, batch }];
    while (left.length > 0) {
      const strays: string[] = [];
      for (const part of left) {
        strays.push(...(await this.#carry(part.lane, part.batch)));
        this.onProgress(handledIn(this.#tally));
      }
      if (strays.length === 0) return;
      if (performance.now() > giveUpAt) throw stillAstray(strays.length, lane.target);
      if (this.#isOver) return;
      await this.#owners.refresh();
      left = await this.#regroup(strays, batch);
    }
  }

  async #regroup(
    keys: readonly string[],
    { database, bytes }: KeyBatch,
  ): Promise<readonly { readonly lane: Lane; readonly batch: KeyBatch }[]> {
    const byLane = new Map<Lane, string[]>();
    for (const key of keys) {
      const lane = await this.#laneFor(key);
      const known = byLane.get(lane);
      if (known) known.push(key);
      else byLane.set(lane, [key]);
    }
    return [...byLane].map(([lane, own]) => ({ lane, batch: { database, keys: own, bytes } }));
  }

  /** @returns keys whose slot is not the target's any more. */
  async #carry(lane: Lane, batch: KeyBatch): Promise<readonly string[]> {
    const sample = await this.#sampleOf(lane, batch);
    const strays: string[] = [];
    const conflicts = new Set<string>();
    const add = (outcome: Outcome): void => {
      addOutcome(this.#tally, outcome, batch.database);
      strays.push(...outcome.astray);
      for (const key of outcome.conflicts) conflicts.add(key);
    };
    try {
      const fresh = await this.#settleKnown(lane, batch, add);
      await this.#carryFresh(lane, { ...batch, keys: fresh }, add);
    } catch (error) {
      // The owner may be failing over to its replica; whoever owns the slots then gets what is left here.
      if (!isUnreachable(error, lane.target)) throw error;
      strays.push(...batch.keys.filter((key) => !conflicts.has(key)));
    }
    const astray = new Set(strays);
    const arrived = sample.filter(({ key }) => !astray.has(key) && !conflicts.has(key));
    await this.#verify(lane, batch, arrived);
    return [...astray];
  }

  /** Names that the target may have already are compared before anything is sent. @returns the others. */
  async #settleKnown(
    lane: Lane,
    batch: KeyBatch,
    add: (outcome: Outcome) => void,
  ): Promise<readonly string[]> {
    if (!lane.mayCollide) return batch.keys;
    const { links } = this.#context;
    const link = links.to(lane.target.address);
    const replies = await link.askBinary(batch.keys.map((key) => ['EXISTS', key]));
    const known = batch.keys.filter((_, at) => replies[at] === 1);
    if (known.length === 0) return batch.keys;
    add(await lane.tool.settle({ ...batch, keys: known }, lane.target.address));
    const isKnown = new Set(known);
    return batch.keys.filter((key) => !isKnown.has(key));
  }

  async #carryFresh(lane: Lane, batch: KeyBatch, add: (outcome: Outcome) => void): Promise<void> {
    let { keys } = batch;
    if (keys.length === 0) return;
    if (lane.way === 'straight') {
      const outcome = await lane.straight.carry(batch, lane.target);
      add(outcome);
      keys = outcome.cutOff;
      if (keys.length === 0) return;
      lane.way = 'through-tool';
      this.#context.report({
        kind: 'remark',
        severity: 'warning',
        message: `The source cannot reach ${formatAddress(lane.target.address)}: what is left for it travels through this machine.`,
      });
    }
    add(await lane.tool.carry({ ...batch, keys }, lane.target.address));
  }

  /** What some keys are before they go. */
  async #sampleOf(lane: Lane, batch: KeyBatch): Promise<readonly FetchedKey[]> {
    const every = this.#job.verifyEvery;
    if (every === undefined) return [];
    const keys = batch.keys.filter(() => this.#seen++ % every === 0);
    return keys.length === 0 ? [] : lane.tool.fetch({ ...batch, keys });
  }

  async #verify(lane: Lane, batch: KeyBatch, sample: readonly FetchedKey[]): Promise<void> {
    if (sample.length === 0) return;
    const keys = sample.map(({ key }) => key);
    const found = await lane.tool.look(lane.target.address, { ...batch, keys });
    const there = new Map(found.map((entry) => [entry.key, entry]));
    const differing = sample.filter((entry) => !isSame(entry, there.get(entry.key)));
    this.#tally.verified += sample.length;
    this.#tally.differing += differing.length;
    nameKeys(
      this.#tally.differingKeys,
      differing.map(({ key }) => key),
      batch.database,
    );
  }
}

function isSame(before: FetchedKey, after: FetchedKey | undefined): boolean {
  // A key whose time was nearly up may have expired on the way.
  if (after === undefined) return before.ttlMs >= 0 && before.ttlMs < TTL_SLACK_MS;
  if (before.ttlMs < 0 !== after.ttlMs < 0) return false;
  if (Math.abs(before.ttlMs - after.ttlMs) > TTL_SLACK_MS) return false;
  return isSameValue(before.payload, after.payload);
}

function isUnreachable(error: unknown, { address }: NodeRef): boolean {
  return (
    error instanceof TribError &&
    (error.code === 'NODE_UNREACHABLE' || error.code === 'NO_ANSWER') &&
    String(error.details['node']).includes(formatAddress(address))
  );
}

function goOnHint(tally: ImportTally): readonly string[] {
  const settled = tally.carried + tally.alreadyThere;
  return [
    `${settled} key${settled === 1 ? ' is' : 's are'} in the cluster; running the same again goes on from there.`,
  ];
}

function interrupted(tally: ImportTally): TribError {
  const { carried, alreadyThere } = tally;
  return new TribError('INTERRUPTED', 'Interrupted: the import is not complete.', {
    hint: goOnHint(tally),
    details: { carried, alreadyThere },
  });
}

function withOutcome(error: unknown, tally: ImportTally): unknown {
  if (error instanceof AssertionFailure || !(error instanceof TribError)) return error;
  if (error.code === 'INTERRUPTED') return interrupted(tally);
  return new TribError(error.code, messageOf(error), {
    hint: [...error.hints, ...goOnHint(tally)],
    cause: error.cause,
    details: { ...error.details, carried: tally.carried, alreadyThere: tally.alreadyThere },
  });
}

function stillAstray(count: number, { address }: NodeRef): TribError {
  return new TribError(
    'DEADLINE',
    `${count} key${count === 1 ? '' : 's'} meant for ${formatAddress(address)} found no owner that takes them.`,
    { hint: 'trib check tells what is wrong with the cluster; --deadline waits longer.' },
  );
}

function nobodyOwns(): TribError {
  return new TribError('UNHEALTHY', 'Nobody owns a slot that is needed.', {
    hint: 'trib check tells which slots are not covered.',
  });
}
