/**
 * The keys of a backup into a cluster of any shape. Files are read as they lie; each value becomes the
 * payload of a RESTORE for the node that owns its slot, many in one packet. A file waits while the lanes
 * are full, so memory is bounded by what is on the way, and never by the size of a backup.
 */
import { join } from 'node:path';
import { formatAddress } from '../../cluster/address.js';
import type { ClusterView } from '../../cluster/model.js';
import { AssertionFailure, TribError } from '../../kernel/errors.js';
import { dumpOf } from '../../wire/rdb/dump.js';
import type { KeyUse, RawValue } from '../../wire/rdb/reader.js';
import { isSameValue } from '../../wire/rdb/same-value.js';
import type { NodeRef } from '../../plan/plan.js';
import type { ExecutionContext } from '../context.js';
import { deliver } from '../deliver.js';
import { mapBounded } from '../map-bounded.js';
import { Owners } from '../owners.js';
import { readValues, type Backup } from './read-backup.js';

/** A packet is sent when it has so many keys, or bytes. */
const PACKET_KEYS_MAX = 1_000;
const PACKET_BYTES_MAX = 1 << 20;
/** Of one node, on their way or waiting: one travels while the next is filled. */
const PACKETS_MAX = 2;
const FILES_AT_ONCE = 4;
const PROGRESS_EVERY_MS = 1_000;
/** How long a node may take for a packet, on top of the time its bytes need. */
const PATIENCE_MS = 60_000;
const BYTES_PER_MS = 10_485;
const NAMED_MAX = 10;

export interface RestoreJob {
  readonly backup: Backup;
  readonly view: ClusterView;
  readonly replace: boolean;
  readonly verify: boolean;
}

export interface RestoreTally {
  restored: number;
  /** There already, with the same value: a slot that was in two files, or a second attempt. */
  alreadyThere: number;
  /** Their time was up. */
  expired: number;
  /** Have a time to live, of those restored. */
  expiring: number;
  /** Another value stands under that name, written meanwhile. */
  conflicts: number;
  verified: number;
  differing: number;
  /** latin1; the first of those that are in conflict or differ. */
  readonly named: string[];
}

interface Parcel {
  readonly key: string;
  readonly payload: string;
  readonly expireAtMs: number | undefined;
  readonly use: KeyUse | undefined;
}

interface Lane {
  readonly target: NodeRef;
  packet: Parcel[];
  packetBytes: number;
  readonly running: Promise<void>[];
}

/** @throws TribError INTERRUPTED, and whatever ends it; hints say how to go on */
export async function restoreKeys(
  job: RestoreJob,
  context: ExecutionContext,
): Promise<RestoreTally> {
  const restoring = new Restore(job, context);
  try {
    return await restoring.run();
  } catch (error) {
    throw withOutcome(error, restoring.tally);
  }
}

class Restore {
  readonly tally: RestoreTally = {
    ...{ restored: 0, alreadyThere: 0, expired: 0, expiring: 0, conflicts: 0 },
    ...{ verified: 0, differing: 0, named: [] },
  };
  readonly #job: RestoreJob;
  readonly #context: ExecutionContext;
  readonly #owners: Owners;
  readonly #lanes = new Map<string, Lane>();
  readonly #title: string;
  readonly #startedAt = performance.now();
  #saidAt = this.#startedAt;
  #failure: Error | undefined;

  constructor(job: RestoreJob, context: ExecutionContext) {
    this.#job = job;
    this.#context = context;
    this.#owners = new Owners(job.view, context);
    this.#title = `>>> Restoring ${job.backup.contents.keyCount} keys`;
  }

  async run(): Promise<RestoreTally> {
    const { backup } = this.#job;
    const { report, signal } = this.#context;
    const total = backup.contents.keyCount;
    report({ kind: 'transfer-started', title: this.#title, unit: 'keys', total });
    await mapBounded(backup.files, FILES_AT_ONCE, async (file) => {
      try {
        await readValues(
          join(backup.folder, file),
          (value, version) => this.#take(value, version),
          {
            pace: () => this.#pace(),
          },
        );
      } catch (error) {
        this.#failure ??= error as Error;
      }
    });
    for (const lane of this.#lanes.values()) this.#send(lane);
    for (const lane of this.#lanes.values()) await Promise.all(lane.running);
    if (this.#failure !== undefined) throw this.#failure;
    if (signal?.aborted === true) throw interrupted();
    const elapsedMs = Math.round(performance.now() - this.#startedAt);
    report({ kind: 'transfer-done', title: this.#title, done: this.tally.restored, elapsedMs });
    return this.tally;
  }

  get #isOver(): boolean {
    return this.#failure !== undefined || this.#context.signal?.aborted === true;
  }

  #take({ key, type, body, expireAtMs, use }: RawValue, version: number): void {
    if (this.#isOver) throw interrupted();
    if (expireAtMs !== undefined && expireAtMs <= Date.now()) {
      this.tally.expired++;
      return;
    }
    const lane = this.#laneFor(key);
    const payload = dumpOf(type, body, version);
    // One that would make a packet of its own does not wait for company.
    if (lane.packetBytes + payload.length > PACKET_BYTES_MAX) this.#send(lane);
    lane.packet.push({ key, payload, expireAtMs, use });
    lane.packetBytes += payload.length + key.length;
    if (lane.packet.length >= PACKET_KEYS_MAX) this.#send(lane);
  }

  #laneFor(key: string): Lane {
    const target = this.#owners.of(key);
    if (!target) throw nobodyOwns();
    const name = formatAddress(target.address);
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = { target, packet: [], packetBytes: 0, running: [] };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  /** Between two chunks of a file. */
  async #pace(): Promise<void> {
    for (const lane of this.#lanes.values()) {
      while (lane.running.length >= PACKETS_MAX && !this.#isOver) await lane.running[0];
    }
    if (this.#isOver) throw this.#failure ?? interrupted();
  }

  #send(lane: Lane): void {
    const { packet, packetBytes } = lane;
    if (packet.length === 0) return;
    lane.packet = [];
    lane.packetBytes = 0;
    const before = lane.running.at(-1) ?? Promise.resolve();
    const work: Promise<void> = before
      .then(() => (this.#isOver ? undefined : this.#deliver(lane.target, packet, packetBytes)))
      .catch((error: unknown) => void (this.#failure ??= error as Error))
      .finally(() => void lane.running.splice(lane.running.indexOf(work), 1));
    lane.running.push(work);
  }

  async #deliver(target: NodeRef, packet: readonly Parcel[], bytes: number): Promise<void> {
    const deadlineMs = PATIENCE_MS + Math.ceil(bytes / BYTES_PER_MS);
    const giveUpAt = performance.now() + this.#context.deadlineMs;
    let left: readonly (readonly [NodeRef, readonly Parcel[]])[] = [[target, packet]];
    while (left.length > 0) {
      const strays: Parcel[] = [];
      for (const [node, parcels] of left) {
        strays.push(...(await this.#handOver(node, parcels, deadlineMs)));
      }
      if (strays.length === 0) return;
      if (performance.now() > giveUpAt) throw stillAstray(strays.length, target);
      await this.#owners.refresh();
      left = this.#regroup(strays);
    }
  }

  #regroup(strays: readonly Parcel[]): readonly (readonly [NodeRef, readonly Parcel[]])[] {
    const byOwner = new Map<string, [NodeRef, Parcel[]]>();
    for (const parcel of strays) {
      const owner = this.#owners.of(parcel.key);
      if (!owner) throw nobodyOwns();
      const known = byOwner.get(owner.id);
      if (known) known[1].push(parcel);
      else byOwner.set(owner.id, [owner, [parcel]]);
    }
    return [...byOwner.values()];
  }

  /** A node that does not answer may have a successor soon; what it took already is the same there. */
  async #handOver(
    node: NodeRef,
    parcels: readonly Parcel[],
    deadlineMs: number,
  ): Promise<readonly Parcel[]> {
    try {
      return await this.#hand(node, parcels, deadlineMs);
    } catch (error) {
      if (!(error instanceof TribError)) throw error;
      if (error.code !== 'NODE_UNREACHABLE' && error.code !== 'NO_ANSWER') throw error;
      return parcels;
    }
  }

  /** @returns those whose slot is not the node's any more. */
  async #hand(
    { address }: NodeRef,
    parcels: readonly Parcel[],
    deadlineMs: number,
  ): Promise<readonly Parcel[]> {
    const { links, report } = this.#context;
    const words = (parcel: Parcel): readonly string[] => restoreWords(parcel, this.#job.replace);
    const { restored, busy, lost } = await deliver(links, address, parcels, words, deadlineMs);
    this.tally.restored += restored.length;
    this.tally.expiring += restored.filter(({ expireAtMs }) => expireAtMs !== undefined).length;
    const unlike = await this.#unlike(address, busy, deadlineMs);
    this.tally.alreadyThere += busy.length - unlike.length;
    this.tally.conflicts += unlike.length;
    this.#name(unlike);
    if (this.#job.verify) {
      const differing = (await this.#unlike(address, restored, deadlineMs)).filter(isLasting);
      this.tally.verified += restored.length;
      this.tally.differing += differing.length;
      this.#name(differing);
    }
    const nowMs = performance.now();
    if (nowMs - this.#saidAt >= PROGRESS_EVERY_MS) {
      this.#saidAt = nowMs;
      report({
        kind: 'transfer-progress',
        title: this.#title,
        done: this.tally.restored,
        total: this.#job.backup.contents.keyCount,
        elapsedMs: Math.round(nowMs - this.#startedAt),
      });
    }
    return lost;
  }

  /** Those of which the node has another value. */
  async #unlike(
    address: NodeRef['address'],
    parcels: readonly Parcel[],
    deadlineMs: number,
  ): Promise<readonly Parcel[]> {
    if (parcels.length === 0) return [];
    const questions = parcels.map(({ key }) => ['DUMP', key]);
    const replies = await this.#context.links.to(address).askBinary(questions, { deadlineMs });
    return parcels.filter(({ payload }, at) => {
      const reply = replies[at];
      return typeof reply !== 'string' || !isSameValue(payload, reply);
    });
  }

  #name(parcels: readonly Parcel[]): void {
    const { named } = this.tally;
    for (const { key } of parcels) if (named.length < NAMED_MAX) named.push(key);
  }
}

function restoreWords({ key, payload, expireAtMs, use }: Parcel, replace: boolean): string[] {
  return [
    ...['RESTORE', key, String(expireAtMs ?? 0), payload],
    ...(replace ? ['REPLACE'] : []),
    ...(expireAtMs === undefined ? [] : ['ABSTTL']),
    ...(use?.kind === 'idle' ? ['IDLETIME', String(use.seconds)] : []),
    ...(use?.kind === 'frequency' ? ['FREQ', String(use.counter)] : []),
  ];
}

/** A key whose time was up on the way differs from what was sent by being gone. */
const isLasting = ({ expireAtMs }: Parcel): boolean =>
  expireAtMs === undefined || expireAtMs > Date.now();

function nobodyOwns(): TribError {
  return new TribError('UNHEALTHY', 'Nobody owns a slot that is needed.', {
    hint: 'trib check tells which slots are not covered.',
  });
}

function stillAstray(count: number, { address }: NodeRef): TribError {
  return new TribError(
    'DEADLINE',
    `${count} key${count === 1 ? '' : 's'} meant for ${formatAddress(address)} found no owner that takes them.`,
    { hint: 'trib check tells what is wrong with the cluster; --deadline waits longer.' },
  );
}

function interrupted(): TribError {
  return new TribError('INTERRUPTED', 'Interrupted: not all keys are restored.');
}

function withOutcome(error: unknown, { restored }: RestoreTally): unknown {
  if (error instanceof AssertionFailure || !(error instanceof TribError)) return error;
  return new TribError(error.code, error.message, {
    hint: [
      ...error.hints,
      `${restored} key${restored === 1 ? ' is' : 's are'} restored; run the same again with --replace to restore all.`,
    ],
    cause: error.cause,
    details: { ...error.details, restored },
  });
}
