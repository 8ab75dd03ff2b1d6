/**
 * One client: bytes in, commands to the dispatcher, one write per turn out (`turn.ts`, `client-output.ts`).
 *
 * Reading stops while the peer does not take its answers, so a client that only sends cannot fill our
 * memory. While a command of it waits (suspended, or held by a pause) no other is run, so that replies keep
 * the order of requests.
 */
import type { Socket } from 'node:net';
import type { Session, Subscriptions, ReplyMode, SessionsPort } from '../ports/session.js';
import type { ReplyBuffers } from '../../wire/resp/reply-buffers.js';
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { ReplyWriter } from '../../wire/resp/reply-writer.js';
import { RequestParser } from '../../wire/resp/request-parser.js';
import type { Database } from '../store/database.js';
import type { ClientKind, OutputLimit } from './client-rules.js';
import type { CallClock } from './call-clock.js';
import { ClientOutput } from './client-output.js';
import { INTERNAL_ERROR } from './fault.js';
import { Suspension } from './suspension.js';
import type { TransactionQueue } from './transaction.js';
import type { SharedReads } from './shared-reads.js';
import type { Sender, Turn } from './turn.js';
import { WatchedKeys } from './watched-keys.js';

/** What a connection needs of its node. */
export interface ConnectionOwner {
  /** Runs one command; the reply goes to `connection.replies`. */
  execute(connection: Connection, argv: string[]): void;
  database(index: number): Database;
  outputLimit(kind: ClientKind): OutputLimit;
  /** Bytes of a request that may be waiting for its end. */
  readonly queryBytesMax: number;
  noteInput(bytes: number): void;
  noteOutput(bytes: number): void;
  noteClosed(connection: Connection): void;
  /** It broke a limit; for the log. */
  noteDropped(connection: Connection, why: string): void;
  /** Something threw that is no command's. */
  noteFault(where: string, error: unknown): void;
  readonly sessions: SessionsPort;
  readonly turn: Turn;
  readonly replyBuffers: ReplyBuffers;
  readonly reads: SharedReads;
  readonly clock: CallClock;
  nowMs(): number;
}

/** What a client may send ahead while a command of it waits. */
const AHEAD_BYTES_MAX = 64 * 1024;

export class Connection implements Session, Sender {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly isTls: boolean;
  readonly connectedAtMs: number;
  readonly replies: ReplyWriter;
  readonly parser = new RequestParser();
  db = 0;
  name = '';
  isReadonly = false;
  isAsking = false;
  isNoEvict = false;
  isMonitor = false;
  libraryName = '';
  libraryVersion = '';
  lastCommand = 'NULL';
  lastActiveAtMs: number;
  replyMode: ReplyMode = 'on';
  streamOffset = 0;
  transaction: TransactionQueue | undefined;
  /** Held by a pause: runs again when it ends. */
  postponed: string[] | undefined;
  isClosed = false;

  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #output: ClientOutput;
  readonly #watched: WatchedKeys;
  readonly #suspension: Suspension;
  #subscriptions: Subscriptions | undefined;
  #diverted: ((argv: readonly string[]) => void) | undefined;
  #closeListeners: (() => void)[] = [];
  #isClosing = false;
  #isRunning = false;
  #isScheduled = false;
  #aboveSoftSinceMs: number | undefined;

  constructor(id: number, socket: Socket, owner: ConnectionOwner, isTls: boolean) {
    this.id = id;
    this.#socket = socket;
    this.#owner = owner;
    this.#watched = new WatchedKeys((index) => owner.database(index));
    this.#output = new ClientOutput(socket, owner.replyBuffers, (bytes) => owner.noteOutput(bytes));
    this.replies = this.#output.replies;
    this.#suspension = new Suspension(this.replies, () => this.#answered());
    this.isTls = isTls;
    this.connectedAtMs = owner.nowMs();
    this.lastActiveAtMs = this.connectedAtMs;
    this.address = formatAddress(socket.remoteAddress, socket.remotePort);
    this.localAddress = formatAddress(socket.localAddress, socket.localPort);
    owner.reads.listen(socket, (buffer, bytes) => this.#receive(buffer, bytes));
    socket.on('drain', () => this.#drained());
    socket.on('error', () => this.close());
    socket.on('end', () => this.close('after-reply'));
    socket.on('close', () => this.#ended());
  }

  get isAuthenticated(): boolean {
    return this.parser.isTrusted;
  }

  set isAuthenticated(isAuthenticated: boolean) {
    this.parser.isTrusted = isAuthenticated;
  }

  get protocol(): 2 | 3 {
    return this.replies.protocol;
  }

  set protocol(version: 2 | 3) {
    this.replies.protocol = version;
  }

  get isReplica(): boolean {
    return this.#output.isStream;
  }

  set isReplica(isReplica: boolean) {
    this.#output.isStream = isReplica;
  }

  get pendingBytes(): number {
    return this.#output.pendingBytes;
  }

  get hasUnsentReplies(): boolean {
    return this.isTls ? this.replies.pendingBytes > 0 : this.pendingBytes > 0;
  }

  get queryBytes(): number {
    return this.parser.pendingBytes;
  }

  get isSuspended(): boolean {
    return this.#suspension.isActive;
  }

  get isBlocked(): boolean {
    return this.#suspension.isActive || this.postponed !== undefined;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get subscriptions(): Subscriptions {
    return (this.#subscriptions ??= {
      channels: new Set(),
      patterns: new Set(),
      shardChannels: new Set(),
    });
  }

  /** In RESP2 a subscriber may only manage its subscriptions. */
  get isSubscriber(): boolean {
    const held = this.#subscriptions;
    return (
      held !== undefined && held.channels.size + held.patterns.size + held.shardChannels.size > 0
    );
  }

  // --- watches -------------------------------------------------------------

  get watchedCount(): number {
    return this.#watched.count;
  }

  get isDirty(): boolean {
    return this.#watched.isDirty;
  }

  watch(key: string, nowMs: number): void {
    this.#watched.add(this.db, key, nowMs);
  }

  unwatch(): void {
    this.#watched.clear();
  }

  hasExpiredWatch(nowMs: number): boolean {
    return this.#watched.hasExpired(nowMs);
  }

  // --- suspension ----------------------------------------------------------

  suspend(onCancel: () => void): (answer: (reply: ReplySink) => void) => void {
    return this.#suspension.begin(onCancel);
  }

  /** The command that waits was said under CLIENT REPLY OFF or SKIP. */
  get isAnswerMuted(): boolean {
    return this.#suspension.isMuted;
  }

  muteAnswer(): void {
    this.#suspension.isMuted = true;
  }

  unblock(how: 'timeout' | 'error'): boolean {
    return this.#suspension.breakOff((reply) => {
      if (how === 'timeout') reply.nullArray();
      else reply.error('UNBLOCKED client unblocked via CLIENT UNBLOCK');
    });
  }

  /** Our role changed, so what this client waits for may never come: it hears so and reconnects. */
  release(): void {
    const wasWaiting = this.#suspension.breakOff((reply) => {
      reply.error(
        'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
      );
    });
    if (wasWaiting) this.close('after-reply');
  }

  /** Run what a pause held back, then go on. */
  retryPostponed(): void {
    const argv = this.postponed;
    this.postponed = undefined;
    if (argv !== undefined && !this.isClosed) this.#owner.execute(this, argv);
    this.#resume();
  }

  // --- output --------------------------------------------------------------

  write(bytes: string | Uint8Array): void {
    if (this.isClosed) return;
    this.flush();
    this.#output.send(bytes);
    this.checkOutputLimit();
  }

  notify(write: (sink: ReplySink) => void): void {
    if (this.isClosed || this.#isClosing) return;
    write(this.replies);
    this.flushSoon();
  }

  /** Send now what this turn wrote. */
  flush(): void {
    if (this.replies.isEmpty || this.isClosed) return;
    this.#owner.turn.settle();
    this.sendReplies();
  }

  /** The turn ends. */
  sendReplies(): void {
    this.#isScheduled = false;
    if (this.replies.isEmpty || this.isClosed) return;
    this.#output.flush();
    this.checkOutputLimit();
    this.#restrain();
  }

  /** Send at the end of this turn. */
  flushSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#owner.turn.schedule(this);
  }

  close(when: 'now' | 'after-reply' = 'now'): void {
    if (this.isClosed) return;
    this.#isClosing = true;
    if (when === 'now') {
      this.#socket.destroy();
      this.#ended();
    } else if (!this.#isRunning) {
      this.#finishOutput();
    }
  }

  closeAfterReply(): void {
    this.close('after-reply');
  }

  divert(take: (argv: readonly string[]) => void): void {
    this.#diverted = take;
  }

  onClose(listener: () => void): void {
    this.#closeListeners.push(listener);
  }

  // --- input ---------------------------------------------------------------

  #receive(buffer: Buffer, bytes: number): void {
    if (this.#isClosing) return;
    this.#owner.noteInput(bytes);
    this.parser.push(buffer, bytes);
    if (this.#isRunning || this.#isWaiting()) this.lastActiveAtMs = this.#owner.nowMs();
    else this.#runCommands();
    this.parser.keep();
    this.#restrain();
    if (this.queryBytes > this.#owner.queryBytesMax) {
      this.#drop('it sends more than client-query-buffer-limit without an end');
    }
  }

  #runCommands(): void {
    if (this.#isRunning || this.#isWaiting()) return;
    const { parser } = this;
    const { clock } = this.#owner;
    this.#isRunning = true;
    this.lastActiveAtMs = clock.open();
    try {
      for (;;) {
        const argv = parser.next();
        if (argv === undefined) break;
        if (this.#diverted === undefined) this.#owner.execute(this, argv);
        else this.#diverted(argv);
        if (this.#isWaiting() || this.#isClosing) break;
        if (this.#output.isHigh) {
          this.flush();
          if (this.#output.isBackedUp) break;
        }
      }
    } catch (error) {
      this.#owner.noteFault(`of client ${this.address}`, error);
      this.replies.error(INTERNAL_ERROR);
      this.#isClosing = true;
    }
    clock.close();
    this.#isRunning = false;
    if (parser.error !== undefined && !this.#isClosing) {
      this.replies.error(`ERR ${parser.error}`);
      this.#isClosing = true;
    }
    if (this.#isClosing) this.#finishOutput();
    else if (!this.replies.isEmpty) this.flushSoon();
  }

  /**
   * Stop reading from a peer that does not take its answers, or that has sent enough ahead of a command that
   * waits. Until then we go on reading: only so is a client missed that leaves while it waits.
   */
  #restrain(): void {
    if (!this.#isWaiting()) return;
    if (this.#output.isBackedUp || this.queryBytes > AHEAD_BYTES_MAX) this.#socket.pause();
  }

  #isWaiting(): boolean {
    return this.isBlocked || this.#output.isBackedUp;
  }

  /** A suspended command has its answer. It leaves with this turn, and other commands are run after it. */
  #answered(): void {
    this.flushSoon();
    // Not at once: another client's command may be running that led to this answer.
    setImmediate(() => this.#resume());
  }

  #resume(): void {
    if (this.isClosed || this.#isRunning) return;
    this.#runCommands();
    if (!this.#isWaiting()) this.#socket.resume();
  }

  #drained(): void {
    if (!this.#output.isBackedUp) return;
    this.#output.isBackedUp = false;
    this.#resume();
  }

  /** After each write, and now and then for those who are above their soft limit. */
  checkOutputLimit(): void {
    const { pendingBytes } = this.#output;
    if (pendingBytes === 0) {
      this.#aboveSoftSinceMs = undefined;
      return;
    }
    const kind = this.isReplica ? 'replica' : this.isSubscriber ? 'pubsub' : 'normal';
    const { hardBytes, softBytes, softMs } = this.#owner.outputLimit(kind);
    const why = `it leaves ${pendingBytes} bytes unread, more than the output buffer limit`;
    if (hardBytes > 0 && pendingBytes >= hardBytes) {
      this.#drop(`${why} of ${kind} clients`);
    } else if (softBytes === 0 || pendingBytes < softBytes) {
      this.#aboveSoftSinceMs = undefined;
    } else {
      const nowMs = this.#owner.nowMs();
      this.#aboveSoftSinceMs ??= nowMs;
      const isOver = nowMs - this.#aboveSoftSinceMs > softMs;
      if (isOver) this.#drop(`${why} of ${kind} clients, for ${softMs / 1000} seconds`);
    }
  }

  get isAboveSoftLimit(): boolean {
    return this.#aboveSoftSinceMs !== undefined;
  }

  #drop(why: string): void {
    if (this.isClosed) return;
    this.#owner.noteDropped(this, why);
    this.close();
  }

  #finishOutput(): void {
    this.#owner.turn.settle();
    this.#output.finish();
    this.#ended();
  }

  /** The node stops and waits for no goodbye. */
  abandon(): void {
    this.#output.abandon();
  }

  #ended(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#isClosing = true;
    this.postponed = undefined;
    this.#suspension.drop();
    this.unwatch();
    this.#owner.noteClosed(this);
    for (const listener of this.#closeListeners.splice(0)) listener();
  }
}

/** IPv4 peers of a dual-stack socket appear as ::ffff:1.2.3.4. */
function formatAddress(host: string | undefined, port: number | undefined): string {
  return `${(host ?? '?').replace(/^::ffff:/, '')}:${port ?? 0}`;
}
