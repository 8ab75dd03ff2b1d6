/**
 * One client socket: bytes in, commands to the dispatcher, one write per turn out.
 *
 * Reading stops while the peer does not take its answers, so a client that only sends cannot fill our
 * memory, and while a command of it waits (suspended, or held by a pause), so that replies keep the
 * order of requests.
 */
import type { Socket } from 'node:net';
import type { Session, Subscriptions, ReplyMode, SessionsPort } from '../ports/session.js';
import type { ReplySink } from '../../wire/resp/reply-sink.js';
import type { ClientKind } from './client-rules.js';
import { ReplyWriter } from '../../wire/resp/reply-writer.js';
import { RequestParser } from '../../wire/resp/request-parser.js';
import type { Watcher, Database } from '../store/database.js';
import type { TransactionQueue } from './transaction.js';

/** Answers the peer has not taken: past this no further command of it runs. */
const UNSENT_BYTES_HIGH = 1024 * 1024;

/** How long a peer may take to read the last replies after we closed. */
const LINGER_MS = 10_000;

/** The same when the whole node stops, for a peer that has stopped reading. */
const ABANDON_MS = 500;

/** What a connection needs of its node. */
export interface ConnectionOwner {
  /** Runs one command; the reply goes to `connection.replies`. */
  execute(connection: Connection, argv: string[]): void;
  database(index: number): Database;
  outputBytesMax(kind: ClientKind): number;
  noteInput(bytes: number): void;
  noteOutput(bytes: number): void;
  noteClosed(connection: Connection): void;
  readonly sessions: SessionsPort;
  nowMs(): number;
}

interface Suspension {
  readonly cancel: () => void;
  readonly finish: (answer: (reply: ReplySink) => void) => void;
}

export class Connection implements Session {
  readonly id: number;
  readonly address: string;
  readonly localAddress: string;
  readonly isTls: boolean;
  readonly connectedAtMs: number;
  readonly replies = new ReplyWriter();
  readonly parser = new RequestParser();
  db = 0;
  name = '';
  isReadonly = false;
  isAsking = false;
  isReplica = false;
  isNoEvict = false;
  libraryName = '';
  libraryVersion = '';
  lastCommand = 'NULL';
  lastActiveAtMs: number;
  replyMode: ReplyMode = 'on';
  transaction: TransactionQueue | undefined;
  /** Held by a pause: runs again when it ends. */
  postponed: string[] | undefined;
  isClosed = false;

  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #subscriptions: Subscriptions | undefined;
  #watcher: Watcher | undefined;
  #watched: { readonly db: Database; readonly key: string }[] = [];
  #suspension: Suspension | undefined;
  #closeListeners: (() => void)[] = [];
  #isClosing = false;
  #isRunning = false;
  #isFlushScheduled = false;
  #isBackedUp = false;

  constructor(id: number, socket: Socket, owner: ConnectionOwner, isTls: boolean) {
    this.id = id;
    this.#socket = socket;
    this.#owner = owner;
    this.isTls = isTls;
    this.connectedAtMs = owner.nowMs();
    this.lastActiveAtMs = this.connectedAtMs;
    this.address = formatAddress(socket.remoteAddress, socket.remotePort);
    this.localAddress = formatAddress(socket.localAddress, socket.localPort);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
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

  get pendingBytes(): number {
    return this.#socket.writableLength + this.replies.text.length;
  }

  get queryBytes(): number {
    return this.parser.pendingBytes;
  }

  get isBlocked(): boolean {
    return this.#suspension !== undefined;
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
    return this.#watched.length;
  }

  get isDirty(): boolean {
    return this.#watcher?.isDirty ?? false;
  }

  watch(key: string, nowMs: number): void {
    const db = this.#owner.database(this.db);
    if (this.#watched.some((watched) => watched.db === db && watched.key === key)) return;
    this.#watcher ??= { isDirty: false };
    // An expired key that is found now goes now; later it would count as a change.
    db.lookup(key, nowMs);
    db.watch(key, this.#watcher);
    this.#watched.push({ db, key });
  }

  unwatch(): void {
    for (const { db, key } of this.#watched) db.unwatch(key, this.#watcher!);
    this.#watched = [];
    this.#watcher = undefined;
  }

  /** A watched key whose time has come is a change, though nobody has deleted it yet. */
  hasExpiredWatch(nowMs: number): boolean {
    return this.#watched.some(({ db, key }) => (db.raw(key)?.expireAtMs ?? Infinity) <= nowMs);
  }

  // --- suspension ----------------------------------------------------------

  suspend(onCancel: () => void): (answer: (reply: ReplySink) => void) => void {
    const suspension: Suspension = {
      cancel: onCancel,
      finish: (answer) => {
        if (this.#suspension !== suspension) return;
        this.#suspension = undefined;
        answer(this.replies);
        // Not at once: another client's command may be running that led to this answer.
        setImmediate(() => this.#resume());
      },
    };
    this.#suspension = suspension;
    return suspension.finish;
  }

  unblock(how: 'timeout' | 'error'): boolean {
    const suspension = this.#suspension;
    if (suspension === undefined) return false;
    suspension.cancel();
    suspension.finish((reply) => {
      if (how === 'timeout') reply.nullArray();
      else reply.error('UNBLOCKED client unblocked via CLIENT UNBLOCK');
    });
    return true;
  }

  /** Our role changed, so what this client waits for may never come: it hears so and reconnects. */
  release(): void {
    const suspension = this.#suspension;
    if (suspension === undefined) return;
    suspension.cancel();
    suspension.finish((reply) => {
      reply.error(
        'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
      );
    });
    this.close('after-reply');
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
    if (typeof bytes === 'string') this.#send(bytes);
    else {
      this.#owner.noteOutput(bytes.length);
      this.#socket.write(bytes);
    }
    this.#checkOutputBound();
  }

  notify(write: (sink: ReplySink) => void): void {
    if (this.isClosed || this.#isClosing) return;
    write(this.replies);
    this.flushSoon();
  }

  /** Send what this turn wrote. */
  flush(): void {
    if (this.replies.text.length === 0 || this.isClosed) return;
    this.#send(this.replies.take());
    this.#checkOutputBound();
  }

  /** Flush at the end of this turn, for replies that no command of ours is about to flush. */
  flushSoon(): void {
    if (this.#isRunning || this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => {
      this.#isFlushScheduled = false;
      this.flush();
    });
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

  onClose(listener: () => void): void {
    this.#closeListeners.push(listener);
  }

  // --- input ---------------------------------------------------------------

  #receive(chunk: Buffer): void {
    if (this.#isClosing) return;
    this.#owner.noteInput(chunk.length);
    this.lastActiveAtMs = this.#owner.nowMs();
    this.parser.push(chunk);
    this.#runCommands();
    this.parser.keep();
  }

  #runCommands(): void {
    if (this.#isRunning || this.#isWaiting()) return;
    const { parser } = this;
    this.#isRunning = true;
    for (;;) {
      const argv = parser.next();
      if (argv === undefined) break;
      this.#owner.execute(this, argv);
      if (this.#isWaiting() || this.#isClosing) break;
      if (this.replies.text.length > UNSENT_BYTES_HIGH) {
        this.flush();
        if (this.#isBackedUp) break;
      }
    }
    this.#isRunning = false;
    if (parser.error !== undefined && !this.#isClosing) {
      this.replies.error(`ERR ${parser.error}`);
      this.#isClosing = true;
    }
    if (this.#isClosing) this.#finishOutput();
    else this.flush();
    if (this.#isWaiting()) this.#socket.pause();
  }

  #isWaiting(): boolean {
    return this.#suspension !== undefined || this.postponed !== undefined || this.#isBackedUp;
  }

  #resume(): void {
    if (this.isClosed || this.#isRunning) return;
    this.#runCommands();
    if (!this.#isWaiting()) this.#socket.resume();
  }

  #drained(): void {
    if (!this.#isBackedUp) return;
    this.#isBackedUp = false;
    this.#resume();
  }

  #send(text: string): void {
    this.#owner.noteOutput(text.length);
    const tookAll = this.#socket.write(text, 'latin1');
    // A replica is not asked to wait: the stream cannot pause, its bound is checked instead.
    if (!tookAll && !this.isReplica && this.#socket.writableLength > UNSENT_BYTES_HIGH) {
      this.#isBackedUp = true;
    }
  }

  #checkOutputBound(): void {
    const kind = this.isReplica ? 'replica' : this.isSubscriber ? 'pubsub' : 'normal';
    const max = this.#owner.outputBytesMax(kind);
    if (max > 0 && this.#socket.writableLength > max) this.close();
  }

  #finishOutput(): void {
    if (this.replies.text.length > 0) this.#send(this.replies.take());
    this.#socket.end();
    // The peer need not close its half; what it still sends is nobody's, and it has not for ever.
    this.#socket.resume();
    this.#socket.setTimeout(LINGER_MS, () => this.#socket.destroy());
    this.#ended();
  }

  /** The node stops: what was written may leave, the peer's goodbye is not waited for. */
  abandon(): void {
    this.#socket.destroySoon();
    this.#socket.setTimeout(ABANDON_MS, () => this.#socket.destroy());
  }

  #ended(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#isClosing = true;
    const suspension = this.#suspension;
    this.#suspension = undefined;
    this.postponed = undefined;
    suspension?.cancel();
    this.unwatch();
    this.#owner.noteClosed(this);
    for (const listener of this.#closeListeners.splice(0)) listener();
  }
}

/** IPv4 peers of a dual-stack socket appear as ::ffff:1.2.3.4. */
function formatAddress(host: string | undefined, port: number | undefined): string {
  return `${(host ?? '?').replace(/^::ffff:/, '')}:${port ?? 0}`;
}
