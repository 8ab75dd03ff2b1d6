/**
 * The link to our primary: it is made at once, made again when it breaks, and dropped when it falls
 * silent. What is said on it decides `PrimaryLink`; here are the socket, the clock and the data.
 */
import { messageOf } from '../../../kernel/errors.js';
import { encodeRequest } from '../../../wire/resp/request-encoder.js';
import type { StagedLoad } from '../../persistence/staged-load.js';
import { RdbError } from '../../../wire/rdb/format.js';
import { personaOf } from '../../ports/persona.js';
import type { Address, ConfigWing, DataWing, Log } from '../../ports/wings.js';
import type { ReplicationHistory } from '../../replication/history.js';
import { type LinkEffect, PrimaryLink } from '../../replication/primary-link.js';
import { ReplicaStream } from '../../replication/replica-stream.js';
import type { Keyspace } from '../../store/keyspace.js';
import type { Dial } from '../dial.js';
import type { PeerSocket } from '../network.js';
import { guarded, unattended } from '../fault.js';
import type { LoadProgress } from '../persistence/rdb-load.js';
import { Pace } from './pace.js';
import { Retries } from './retries.js';
import type { ReplicationSettings } from './settings.js';
import { SnapshotIntake } from './snapshot-intake.js';

export interface UpstreamOptions {
  readonly address: Address;
  readonly keyspace: Keyspace;
  readonly history: ReplicationHistory;
  readonly settings: ReplicationSettings;
  readonly config: ConfigWing;
  readonly data: Pick<DataWing, 'applyReplicated' | 'vetReplicated' | 'together'>;
  readonly log: Log;
  readonly dial: Dial;
  readonly nowMs: () => number;
  readonly port: () => number;
  /** For a history that the primary does not name: 40 hex digits. */
  readonly newId: () => string;
  /** The database that the stream had selected where we stopped. */
  readonly streamDb: number;
  /** When the link to the primary before this one broke. */
  readonly downSinceMs: number | undefined;
  /** Present when the other side is asked to take our place: called once, with what went wrong if it did. */
  readonly onTakenOver: ((error?: string) => void) | undefined;
  /** Its data took the place of ours. */
  readonly onReplaced: () => void;
  /** So many bytes came from the primary. */
  readonly noteInput: (bytes: number) => void;
  /** Bytes that are applied now: for the history and for our own replicas. */
  readonly forward: (bytes: Buffer) => void;
  readonly beginSync: (kind: 'plain' | 'async') => LoadProgress;
  readonly endSync: () => void;
  readonly onFatal: (reason: string) => void;
  /** What our replicas believe of the history is no longer so. */
  readonly dropReplicas: () => void;
}

/** As ROLE names them. */
export type UpstreamState = 'connect' | 'connecting' | 'handshake' | 'sync' | 'connected';

/** After that the regular ACKs, one a second, are as good. */
const ACK_AGAIN_MS = { first: 25, last: 400 } as const;

export class Upstream {
  readonly address: Address;
  readonly #options: UpstreamOptions;
  readonly #retries = new Retries();
  #socket: PeerSocket | undefined;
  #link: PrimaryLink | undefined;
  #intake: SnapshotIntake | undefined;
  /** Of the stream, while the snapshot before it is being read. */
  #early: Buffer[] = [];
  #stream: ReplicaStream | undefined;
  /** Undefined after SYNC, which tells neither. */
  #announced: { readonly replicationId: string; readonly offset: number } | undefined;
  #takesAcks = true;
  #streamDb: number;
  #lastIoMs: number | undefined;
  #attemptedAtMs = 0;
  #downSinceMs: number | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #ackTimer: NodeJS.Timeout | undefined;
  #isReading = false;
  #pace: Pace | undefined;
  /** Our data are not what the history says: only everything anew can help. */
  #mustStartOver = false;
  #onTakenOver: ((error?: string) => void) | undefined;
  #isStopped = false;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.address = options.address;
    this.#streamDb = options.streamDb;
    this.#downSinceMs = options.downSinceMs;
    this.#onTakenOver = options.onTakenOver;
  }

  get state(): UpstreamState {
    if (this.#stream !== undefined) return 'connected';
    switch (this.#link?.phase) {
      case undefined:
      case 'over':
        return this.#socket === undefined ? 'connect' : 'connecting';
      case 'greeting':
      case 'asking':
        return 'handshake';
      default:
        return 'sync';
    }
  }

  get isUp(): boolean {
    return this.#stream !== undefined;
  }

  get lastIoMs(): number | undefined {
    return this.#lastIoMs;
  }

  get downSinceMs(): number | undefined {
    return this.#downSinceMs;
  }

  get streamDb(): number {
    return this.#stream?.db ?? this.#streamDb;
  }

  /** Bytes received, applied or not. */
  get readOffset(): number {
    return this.#stream?.readOffset ?? this.#options.history.offset;
  }

  get transfer(): { readonly totalBytes: number; readonly readBytes: number } {
    return this.#link?.transfer ?? { totalBytes: -1, readBytes: 0 };
  }

  /** The stream has this database selected where we stand. */
  selectDb(db: number): void {
    this.#streamDb = db;
  }

  connect(): void {
    const { address, config, dial, log, nowMs } = this.#options;
    if (this.#isStopped) return;
    log('notice', `Connecting to the primary ${address.host}:${address.port}`);
    this.#attemptedAtMs = nowMs();
    const source = config.get('bind-source-addr') ?? '';
    const localAddress = source === '' ? undefined : source;
    const socket = dial({ ...address, localAddress }, () =>
      this.#guarded(socket, () => {
        this.#link = this.#newLink();
        this.#perform(this.#link.connected());
      }),
    );
    this.#socket = socket;
    const pace = new Pace(socket, () => this.#isDeaf);
    this.#pace = pace;
    socket.on('data', (chunk: Buffer) => {
      if (this.#socket !== socket) return;
      this.#lastIoMs = nowMs();
      this.#attemptedAtMs = this.#lastIoMs;
      this.#options.noteInput(chunk.length);
      pace.take(() => this.#guarded(socket, () => this.#perform(this.#link?.receive(chunk) ?? [])));
    });
    socket.on('error', (error) => this.#broke(socket, messageOf(error)));
    socket.on('close', () => this.#broke(socket, 'the primary closed the connection'));
  }

  /** An error of ours is the end of this attempt, and of nothing else. */
  #guarded(socket: PeerSocket, work: () => void): void {
    guarded(work, (reason) => this.#broke(socket, reason));
  }

  readonly #connectAgain = (): void => guarded(() => this.connect(), this.#options.onFatal);

  /** What comes next cannot be taken before what came. */
  get #isDeaf(): boolean {
    return this.#isReading || this.#intake?.isBackedUp === true;
  }

  /** Once a second. */
  tick(nowMs: number): void {
    if (this.#isReading) {
      this.#attemptedAtMs = nowMs;
      this.#socket?.write('\n', 'latin1');
    }
    if (this.#stream && this.#takesAcks) this.#acknowledge(this.#stream.offset);
    this.#retries.tick(nowMs);
    const socket = this.#socket;
    if (socket && nowMs - this.#attemptedAtMs > this.#options.settings.timeoutMs) {
      this.#broke(socket, 'the primary is silent');
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retryTimer);
    if (this.#socket) this.#broke(this.#socket, 'we leave');
  }

  #takenOver(error?: string): void {
    const onTakenOver = this.#onTakenOver;
    this.#onTakenOver = undefined;
    onTakenOver?.(error);
  }

  #newLink(): PrimaryLink {
    const { config, history, port } = this.#options;
    const { id } = history.identity;
    const persona = personaOf(config);
    return new PrimaryLink(
      {
        user: config.get('masteruser') ?? '',
        password: config.get('masterauth') ?? '',
        listeningPort: config.number('replica-announce-port') || port(),
        announcedIp: config.get('replica-announce-ip') ?? '',
        ...(persona.replicatesSetSlot ? { version: persona.version } : {}),
      },
      this.#mustStartOver
        ? undefined
        : {
            replicationId: id,
            offset: history.offset,
            isFailover: this.#onTakenOver !== undefined,
          },
      () => this.#beginIntake().taker,
    );
  }

  #beginIntake(): SnapshotIntake {
    const { history, config, keyspace, nowMs, beginSync, endSync } = this.#options;
    const isSameHistory = this.#announced?.replicationId === history.identity.id;
    this.#intake = new SnapshotIntake({
      keyspace,
      config,
      nowMs,
      isSameHistory,
      beginSync,
      endSync,
    });
    return this.#intake;
  }

  // --- effects ----------------------------------------------------------------

  #perform(effects: readonly LinkEffect[]): void {
    for (const effect of effects) {
      if (this.#isStopped || this.#socket === undefined) return;
      this.#performOne(effect, this.#socket);
    }
  }

  #performOne(effect: LinkEffect, socket: PeerSocket): void {
    switch (effect.kind) {
      case 'send':
        socket.write(effect.text, 'latin1');
        return;
      case 'continue':
        this.#takenOver();
        this.#continue(effect.replicationId);
        return;
      case 'full-sync':
        this.#takenOver();
        this.#announced = effect;
        this.#options.log('notice', `The primary sends everything, as of offset ${effect.offset}`);
        this.#options.dropReplicas();
        return;
      case 'plain-sync':
        this.#announced = undefined;
        this.#options.log(
          'notice',
          `The primary refuses PSYNC (${effect.refusal}): asking for everything by SYNC, without an offset`,
        );
        this.#options.dropReplicas();
        return;
      case 'snapshot':
        this.#collect(effect.bytes, socket);
        return;
      case 'loaded':
        unattended(this.#readSnapshot(socket, effect.needsAck), this.#options.onFatal);
        return;
      case 'stream':
        if (this.#isReading) this.#early.push(effect.bytes);
        else this.#apply(effect.bytes, socket);
        return;
      case 'give-up':
        this.#broke(socket, effect.reason, effect.isFinal);
        return;
    }
  }

  #continue(replicationId: string | undefined): void {
    const { history, settings, log, dropReplicas } = this.#options;
    if (replicationId !== undefined && replicationId !== history.identity.id) {
      history.shift(replicationId);
      dropReplicas();
    }
    history.open(settings.backlogBytes);
    log('notice', `The primary goes on from offset ${history.offset + 1}`);
    this.#startStream(true);
  }

  #collect(bytes: Buffer, socket: PeerSocket): void {
    const intake = this.#intake!;
    intake.collect(bytes);
    if (!intake.isBackedUp) return;
    intake.catchUp().then(
      () => this.#pace?.listen(),
      (error: unknown) => this.#broke(socket, `cannot write its snapshot: ${messageOf(error)}`),
    );
  }

  async #readSnapshot(socket: PeerSocket, needsAck: boolean): Promise<void> {
    const intake = this.#intake!;
    this.#isReading = true;
    try {
      const load = await intake.finish();
      if (load === undefined || this.#intake !== intake) return;
      this.#isReading = false;
      this.#adopt(load, needsAck);
      for (const bytes of this.#early.splice(0)) this.#apply(bytes, socket);
      this.#pace?.listen();
    } catch (error) {
      const fault = error instanceof Error && error.cause instanceof RdbError ? error.cause : error;
      this.#broke(socket, messageOf(fault), fault instanceof RdbError && isForGood(fault));
    }
  }

  #adopt(load: StagedLoad, needsAck: boolean): void {
    const { history, settings, log, newId } = this.#options;
    const announced = this.#announced;
    this.#mustStartOver = true;
    load.adopt();
    this.#intake?.end();
    this.#intake = undefined;
    this.#options.onReplaced();
    // Without a name of the primary's, nobody but those who have it from us may go on with this history.
    const { replicationId, offset } = announced ?? { replicationId: newId(), offset: 0 };
    history.adopt(replicationId, offset, settings.backlogBytes);
    this.#streamDb = load.streamDb;
    this.#mustStartOver = false;
    log('notice', `In sync with the primary, as of offset ${offset}`);
    this.#startStream(announced !== undefined);
    if (announced !== undefined || needsAck) this.#acknowledgeSync(offset, ACK_AGAIN_MS.first);
  }

  /**
   * A primary that waits for our word after the snapshot does not hear it while it still clears up behind
   * the snapshot. Without saying it again soon, its stream would begin with our next regular ACK, a second
   * later.
   */
  #acknowledgeSync(offset: number, delayMs: number): void {
    if (this.#stream?.readOffset !== offset) return;
    this.#acknowledge(offset);
    if (delayMs > ACK_AGAIN_MS.last) return;
    const socket = this.#socket!;
    const again = (): void => this.#acknowledgeSync(offset, delayMs * 2);
    this.#ackTimer = setTimeout(() => this.#guarded(socket, again), delayMs);
  }

  /** @param takesAcks the primary counts offsets as we do */
  #startStream(takesAcks: boolean): void {
    this.#takesAcks = takesAcks;
    const { data, keyspace, history, forward } = this.#options;
    this.#downSinceMs = undefined;
    this.#retries.up(this.#options.nowMs());
    this.#stream = new ReplicaStream(
      {
        vet: (argv) => data.vetReplicated(argv),
        together: (run) => data.together(run),
        apply: (argv, db) => {
          if (keyspace.databases[db] === undefined) throw new Error(`there is no database ${db}`);
          data.applyReplicated(argv, db);
        },
        acknowledge: (offset) => this.#acknowledge(offset),
        forward,
      },
      history.offset,
      this.#streamDb,
    );
  }

  #apply(bytes: Buffer, socket: PeerSocket): void {
    const { config, onFatal } = this.#options;
    try {
      this.#stream!.push(bytes);
    } catch (error) {
      // Going on would leave us with other data than the primary, for ever and in silence.
      const reason = `its stream cannot be followed: ${messageOf(error)}`;
      this.#mustStartOver = true;
      if (config.get('propagation-error-behavior') === 'ignore') this.#broke(socket, reason, true);
      else onFatal(`the link to its primary is beyond repair: ${reason}`);
    }
  }

  #acknowledge(offset: number): void {
    this.#socket?.write(encodeRequest(['REPLCONF', 'ACK', String(offset)]), 'latin1');
  }

  // --- the end of an attempt --------------------------------------------------

  /** @param isHopeless another attempt soon will end the same way */
  #broke(socket: PeerSocket, reason: string, isHopeless = false): void {
    if (this.#socket !== socket) return;
    const { nowMs } = this.#options;
    const wasUp = this.#stream !== undefined;
    if (this.#stream) {
      this.#streamDb = this.#stream.db;
      this.#downSinceMs = nowMs();
    }
    clearTimeout(this.#ackTimer);
    this.#retries.down();
    this.#socket = undefined;
    this.#pace = undefined;
    this.#link = undefined;
    this.#intake?.end();
    this.#intake = undefined;
    this.#isReading = false;
    this.#early = [];
    this.#stream = undefined;
    socket.destroy();
    if (this.#isStopped) return;
    if (isHopeless) this.#retryAfterLong(reason);
    else this.#retrySoon(reason, wasUp);
    this.#takenOver(reason);
  }

  #retrySoon(reason: string, wasUp: boolean): void {
    const { address, log } = this.#options;
    log('warning', `The link to the primary ${address.host}:${address.port} is down: ${reason}`);
    if (wasUp) {
      setImmediate(this.#connectAgain);
      return;
    }
    this.#retryTimer = setTimeout(this.#connectAgain, this.#retries.nextSoonMs());
  }

  #retryAfterLong(reason: string): void {
    const { address, log } = this.#options;
    const delayMs = this.#retries.nextHopelessMs();
    log(
      'warning',
      `Cannot replicate the primary ${address.host}:${address.port}: ${reason}. Next attempt in ${delayMs / 1000} s`,
    );
    this.#retryTimer = setTimeout(this.#connectAgain, delayMs);
  }
}

/** The primary's snapshot will be no better next time. */
function isForGood({ fault }: RdbError): boolean {
  return fault === 'unsupported' || fault === 'version';
}
