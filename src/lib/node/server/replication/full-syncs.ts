/**
 * Who needs a snapshot, and when the next one is made: one at a time, for all that wait. Snapshots that go
 * straight to the sockets cannot be joined once begun, so they begin a little late, to let others come.
 */
import { latin1ToUtf8 } from '../../../kernel/bytes.js';
import { REDIS_VERSION } from '../../ports/version.js';
import type { ConfigWing, Log } from '../../ports/wings.js';
import { Snapshot } from '../../persistence/snapshot.js';
import type { ReplicationHistory } from '../../replication/history.js';
import type { Keyspace } from '../../store/keyspace.js';
import { guarded } from '../fault.js';
import { FileRound } from './file-round.js';
import { MarkedRound } from './marked-round.js';
import type { ReplicaSession, SnapshotForm } from './replica-session.js';
import type { ReplicationSettings } from './settings.js';

export interface FullSyncsOptions {
  readonly keyspace: Keyspace;
  readonly history: ReplicationHistory;
  readonly settings: ReplicationSettings;
  readonly config: ConfigWing;
  readonly log: Log;
  readonly nowMs: () => number;
  /** All that was said is in the history now; afterwards the stream says its database again. */
  readonly onFatal: (reason: string) => void;
  readonly prepare: () => { readonly streamDb: number };
}

interface Waiting {
  readonly session: ReplicaSession;
  readonly sinceMs: number;
}

export class FullSyncs {
  readonly #options: FullSyncsOptions;
  /** Longest first. */
  #waiting: Waiting[] = [];
  /** The one that is being made. */
  #round: MarkedRound | FileRound | undefined;
  /** What the replicas of the round were told: one that joins is told the same. */
  #answer = '';

  constructor(options: FullSyncsOptions) {
    this.#options = options;
  }

  request(session: ReplicaSession): void {
    const round = this.#round;
    if (round instanceof FileRound && !session.peer.wantsNoKeys) {
      this.#tell(session, this.#answer);
      session.round = round;
      round.join(session);
      return;
    }
    this.#waiting.push({ session, sinceMs: this.#options.nowMs() });
    this.#beginIfDue();
  }

  leave(session: ReplicaSession): void {
    this.#waiting = this.#waiting.filter((one) => one.session !== session);
    session.round?.leave(session);
  }

  /** Once a second. */
  check(): void {
    this.#beginIfDue();
  }

  #beginIfDue(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#round !== undefined) return;
    const { settings, nowMs } = this.#options;
    const form = this.#formOf(this.#waiting);
    const mayWait = form === 'marked' && settings.disklessDelayMs > 0;
    const isEnough =
      settings.disklessReplicasMax > 0 && this.#waiting.length >= settings.disklessReplicasMax;
    if (mayWait && !isEnough && nowMs() - first.sinceMs < settings.disklessDelayMs) return;
    const { wantsNoKeys } = first.session.peer;
    const together = this.#waiting.filter(
      ({ session }) => session.peer.wantsNoKeys === wantsNoKeys,
    );
    this.#waiting = this.#waiting.filter((one) => !together.includes(one));
    this.#begin(
      together.map(({ session }) => session),
      form,
      wantsNoKeys,
    );
  }

  /** The mark only for those who all find it, and can say so before the stream follows. */
  #formOf(waiting: readonly Waiting[]): SnapshotForm {
    const canMark = waiting.every(({ session }) => session.peer.takesMark && !session.isOldSync);
    return this.#options.settings.isDiskless && canMark ? 'marked' : 'counted';
  }

  #begin(sessions: readonly ReplicaSession[], form: SnapshotForm, isEmpty: boolean): void {
    const { config, history, log, onFatal, prepare } = this.#options;
    const { streamDb } = prepare();
    const { id } = history.identity;
    this.#answer = `+FULLRESYNC ${id} ${history.offset}\r\n`;
    for (const session of sessions) {
      this.#tell(session, this.#answer);
      session.hold();
    }
    const names = sessions.map(({ name }) => name).join(', ');
    log('notice', `Everything as of offset ${history.offset} for ${names}`);
    const options = {
      sessions,
      snapshot: (emit: (chunk: Buffer) => void) => this.#snapshot(emit, isEmpty, streamDb),
      onMade: () => this.#made(),
      onFatal,
      onFailed: (failed: readonly ReplicaSession[], reason: string) => {
        log('warning', `A snapshot for ${failed.length} replicas failed: ${reason}`);
        for (const { client } of failed) client.close();
      },
    };
    const round =
      form === 'marked'
        ? new MarkedRound(options)
        : new FileRound({ ...options, directory: latin1ToUtf8(config.get('dir') ?? '.') });
    this.#round = round;
    for (const session of sessions) session.round = round;
    round.start();
  }

  #made(): void {
    this.#round = undefined;
    // Not at once: replicas may be leaving one by one.
    setImmediate(() => guarded(() => this.#beginIfDue(), this.#options.onFatal));
  }

  #tell(session: ReplicaSession, answer: string): void {
    if (!session.isOldSync) session.send(answer);
  }

  #snapshot(emit: (chunk: Buffer) => void, isEmpty: boolean, streamDb: number): Snapshot {
    const { config, history, keyspace, nowMs } = this.#options;
    return new Snapshot({
      keyspace,
      databases: isEmpty ? [] : keyspace.databases,
      checksum: config.boolean('rdbchecksum'),
      compression: config.boolean('rdbcompression'),
      emit,
      aux: [
        ['redis-ver', REDIS_VERSION],
        ['redis-bits', '64'],
        ['ctime', String(Math.floor(nowMs() / 1000))],
        ['used-mem', '0'],
        ['repl-stream-db', String(streamDb)],
        ['repl-id', history.identity.id],
        ['repl-offset', String(history.offset)],
        ['aof-base', '0'],
      ],
    });
  }
}
