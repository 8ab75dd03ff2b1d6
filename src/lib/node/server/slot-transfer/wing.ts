/**
 * What the machine orders for slots that move, done: connections, pictures, the stream of writes, keys hidden
 * and shown. Decisions are the machine's (`machine/transfer/`); here are the sockets, and the two places where
 * a transfer meets the data: every write of ours passes `feed`, and what comes in is applied as it comes.
 */
import type { SlotRange } from '../../../kernel/ranges.js';
import { slotsIn } from '../../../kernel/ranges.js';
import { slotOfKey } from '../../../kernel/slot.js';
import { unreachable } from '../../../kernel/errors.js';
import { requestBytes } from '../../../wire/resp/request-encoder.js';
import type { TransferEvent, TransferOrder } from '../../machine/transfer/orders.js';
import type { ClientPort } from '../../ports/client.js';
import type { ConfigWing, Wings } from '../../ports/wings.js';
import type { Keyspace } from '../../store/keyspace.js';
import type { CommandTable } from '../command-table.js';
import type { Dial } from '../dial.js';
import type { HeldSlots } from '../held-slots.js';
import { acceptChannel, type Channel, DialedChannel } from './channel.js';
import { SlotExport } from './slot-export.js';

export interface SlotTransfersOptions {
  readonly keyspace: Keyspace;
  readonly config: ConfigWing;
  readonly dial: Dial;
  readonly table: CommandTable;
  readonly heldSlots: HeldSlots;
  /** Whoever waits for held slots asks again. */
  readonly retrySoon: () => void;
  /** Run a command that another node has run; it travels on to our replicas. @returns what is wrong. */
  readonly apply: (argv: readonly string[], db: number) => string | undefined;
  /** Bytes that may wait for a replica, and so for a target; 0 is no bound. */
  readonly waitingBytesMax: () => number;
}

interface Job {
  readonly id: string;
  channel: Channel | undefined;
  exporting: SlotExport | undefined;
  /** What the stream has selected. */
  db: number;
  isOver: boolean;
}

export class SlotTransfers {
  readonly #options: SlotTransfersOptions;
  readonly #jobs = new Map<string, Job>();
  #wings: Pick<Wings, 'data' | 'replication'> | undefined;
  #report: (event: TransferEvent) => void = () => undefined;
  /** Jobs that want to hear of writes. */
  #exports: readonly SlotExport[] = [];

  constructor(options: SlotTransfersOptions) {
    this.#options = options;
  }

  /** The wings stand. */
  attach(wings: Pick<Wings, 'data' | 'replication'>, report: (event: TransferEvent) => void): void {
    this.#wings = wings;
    this.#report = report;
  }

  /** A write that has just been made here. */
  feed(db: number, argv: readonly string[]): void {
    if (this.#exports.length === 0) return;
    const [key] = this.#options.table.find(argv[0]!)?.keysOf(argv) ?? [];
    if (key === undefined) return;
    const slot = slotOfKey(key);
    for (const one of this.#exports) if (one.covers(slot)) one.feed(db, argv);
  }

  /** The client has proposed this job, and it has been accepted. */
  adopt(id: string, client: ClientPort): void {
    const job = this.#newJob(id);
    job.channel = acceptChannel(client, this.#listener(job));
  }

  stop(): void {
    for (const job of [...this.#jobs.values()]) this.#end(job);
  }

  perform(order: TransferOrder): void {
    const { heldSlots, retrySoon } = this.#options;
    const job = this.#jobs.get(order.id);
    switch (order.act) {
      case 'dial':
        this.#dial(order.id, order);
        return;
      case 'copy':
        if (job?.channel !== undefined) this.#export(job, job.channel, order.ranges);
        return;
      case 'hold':
        heldSlots.hold(order.id, order.ranges);
        job?.exporting?.seal(order.then);
        this.#refreshExports();
        return;
      case 'unhold':
        heldSlots.release(order.id);
        retrySoon();
        return;
      case 'hide':
        for (const slot of slotsIn(order.ranges)) {
          this.#drop(slot);
          for (const db of this.#options.keyspace.databases) db.hideSlot(slot);
        }
        return;
      case 'show':
        this.#show(order.ranges);
        return;
      case 'discard':
        for (const slot of slotsIn(order.ranges)) this.#drop(slot);
        this.#show(order.ranges);
        return;
      case 'say':
        job?.channel?.write(requestBytes(['CLUSTER', 'SYNCSLOTS', ...order.words]));
        return;
      case 'tell-replicas':
        // Not to a file: what a crash leaves behind is found when it is loaded.
        this.#wings?.replication.propagate(0, ['CLUSTER', 'SYNCSLOTS', ...order.words]);
        return;
      case 'end':
        if (job !== undefined) this.#end(job);
        return;
      default:
        unreachable(order);
    }
  }

  #dial(id: string, to: Extract<TransferOrder, { readonly act: 'dial' }>): void {
    const { config, dial } = this.#options;
    const job = this.#newJob(id);
    const user = config.get('masteruser') ?? '';
    const password = config.get('masterauth') ?? '';
    const auth = user === '' ? ['AUTH', password] : ['AUTH', user, password];
    job.channel = new DialedChannel({
      dial,
      host: to.host,
      port: to.port,
      opening: [...(password === '' ? [] : [auth]), ['CLUSTER', 'SYNCSLOTS', ...to.proposal]],
      dialed: () => this.#tell(job, { id, what: 'dialed' }),
      accepted: () => this.#tell(job, { id, what: 'accepted' }),
      refused: (text) => this.#tell(job, { id, what: 'refused', text }),
      ...this.#listener(job),
    });
  }

  #newJob(id: string): Job {
    const before = this.#jobs.get(id);
    if (before !== undefined) this.#end(before);
    const job = { id, channel: undefined, exporting: undefined, db: 0, isOver: false };
    this.#jobs.set(id, job);
    return job;
  }

  #listener(job: Job): { take: (argv: readonly string[]) => void; closed: () => void } {
    return {
      take: (argv) => this.#take(job, argv),
      closed: () => this.#tell(job, { id: job.id, what: 'closed' }),
    };
  }

  #export(job: Job, channel: Channel, ranges: readonly SlotRange[]): void {
    const { keyspace, waitingBytesMax } = this.#options;
    const { id } = job;
    job.exporting = new SlotExport({
      channel,
      keyspace,
      ranges,
      waitingBytesMax,
      copied: () => this.#tell(job, { id, what: 'copied' }),
      confirmed: (unsentBytes, unconfirmedBytes, confirmedBytes) =>
        this.#tell(job, {
          id,
          what: 'confirmed',
          unsentBytes,
          unconfirmedBytes,
          confirmedBytes,
        }),
      // Not at once: the command whose write was one too many is still running.
      broken: (why) => setImmediate(() => this.#tell(job, { id, what: 'broken', why })),
    });
    this.#refreshExports();
    job.exporting.begin();
  }

  #refreshExports(): void {
    this.#exports = [...this.#jobs.values()].flatMap(({ exporting }) => exporting ?? []);
  }

  #take(job: Job, argv: readonly string[]): void {
    if (job.isOver) return;
    const { id } = job;
    const [name = '', second = '', third = '', fourth = ''] = argv;
    if (name === 'CLUSTER' && second === 'SYNCSLOTS') {
      if (third === 'MARK') this.#confirm(job, fourth);
      else if (third === 'ACK') job.exporting?.confirm(Number(fourth));
      else this.#tell(job, { id, what: 'heard', words: argv.slice(2) });
      return;
    }
    if (name === 'SELECT') {
      job.db = Number(second);
      return;
    }
    const wrong = this.#options.apply(argv, job.db);
    if (wrong !== undefined) this.#tell(job, { id, what: 'broken', why: wrong });
  }

  /** Everything before the mark has been applied. */
  #confirm(job: Job, bytes: string): void {
    this.#tell(job, { id: job.id, what: 'confirming', bytes: Number(bytes) });
    job.channel?.write(requestBytes(['CLUSTER', 'SYNCSLOTS', 'ACK', bytes]));
  }

  #tell(job: Job, event: TransferEvent): void {
    if (!job.isOver) this.#report(event);
  }

  #drop(slot: number): void {
    this.#wings?.data.dropSlot(slot);
  }

  #show(ranges: readonly SlotRange[]): void {
    for (const db of this.#options.keyspace.databases) db.showSlots(slotsIn(ranges));
  }

  #end(job: Job): void {
    if (job.isOver) return;
    job.isOver = true;
    if (this.#jobs.get(job.id) === job) this.#jobs.delete(job.id);
    job.exporting?.stop();
    this.#refreshExports();
    job.channel?.end();
  }
}
