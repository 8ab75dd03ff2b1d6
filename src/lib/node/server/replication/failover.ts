/**
 * FAILOVER: a primary hands over to a replica of its own accord. It lets no more writes in, waits until a
 * replica holds all there is, and then asks that replica to take its place by following it. Whatever goes
 * wrong before the replica has agreed leaves everything as it was.
 */
import type { ReplySink } from '../../../wire/resp/reply-sink.js';
import type { FailoverRequest } from '../../ports/replication.js';
import type { Address, DataWing, Log } from '../../ports/wings.js';
import { guarded } from '../fault.js';
import type { Replicas } from './replicas.js';
import type { ReplicaSession } from './replica-session.js';

export interface FailoverOptions {
  readonly replicas: Replicas;
  readonly data: Pick<DataWing, 'pauseWrites' | 'unpauseWrites'>;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly onFatal: (reason: string) => void;
  readonly offset: () => number;
  readonly isReplica: () => boolean;
  readonly askForAcks: () => void;
  /** Follow the target and ask it to become the primary; `onAnswer` says what went wrong, if it did. */
  readonly handOver: (target: Address, onAnswer: (error?: string) => void) => void;
  /** Be the primary again. */
  readonly takeBack: () => void;
}

type Start = Extract<FailoverRequest, { readonly kind: 'start' }>;

export class Failover {
  readonly #options: FailoverOptions;
  #request: Start | undefined;
  #phase: 'idle' | 'waiting' | 'handing-over' = 'idle';
  #timer: NodeJS.Timeout | undefined;
  /** What a replica must hold. Our asking for it comes after that, and is not waited for. */
  #wantedOffset = 0;

  constructor(options: FailoverOptions) {
    this.#options = options;
  }

  get isUnderWay(): boolean {
    return this.#phase !== 'idle';
  }

  get isHandingOver(): boolean {
    return this.#phase === 'handing-over';
  }

  /** As INFO names it. */
  get state(): string {
    switch (this.#phase) {
      case 'idle':
        return 'no-failover';
      case 'waiting':
        return 'waiting-for-sync';
      case 'handing-over':
        return 'failover-in-progress';
    }
  }

  command(request: FailoverRequest, reply: ReplySink): void {
    if (request.kind === 'abort') {
      if (this.#phase === 'idle') reply.error('ERR No failover in progress.');
      else {
        this.#abort('aborted by hand');
        reply.status('OK');
      }
      return;
    }
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      reply.error(`ERR ${refusal}`);
      return;
    }
    this.#begin(request);
    reply.status('OK');
  }

  /** A replica acknowledged more: it may be all there is. */
  check(): void {
    if (this.#phase !== 'waiting') return;
    const ready = this.#candidates().find(({ ackOffset }) => ackOffset >= this.#wantedOffset);
    if (ready) this.#handOver(addressOf(ready));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#phase = 'idle';
  }

  #refusal(request: Start): string | undefined {
    const { replicas, isReplica } = this.#options;
    if (this.#phase !== 'idle') return 'FAILOVER already in progress.';
    if (isReplica()) return 'FAILOVER is not valid when server is a replica.';
    if (replicas.size === 0) return 'FAILOVER requires connected replicas.';
    const { target, isForced, timeoutMs } = request;
    if (isForced && (target === undefined || timeoutMs === undefined)) {
      return 'FAILOVER with force option requires both a timeout and target HOST and IP.';
    }
    if (target === undefined) return undefined;
    const session = [...replicas.all()].find((one) => isAt(one, target));
    if (session === undefined) return 'FAILOVER target HOST and PORT is not a replica.';
    return session.state === 'online' ? undefined : 'FAILOVER target replica is not online.';
  }

  #begin(request: Start): void {
    const { data, log, offset, askForAcks } = this.#options;
    this.#request = request;
    this.#wantedOffset = offset();
    this.#phase = 'waiting';
    data.pauseWrites('failover', Number.MAX_SAFE_INTEGER);
    log('notice', 'Handing over: waiting for a replica that holds everything');
    if (request.timeoutMs !== undefined) {
      const timedOut = (): void => guarded(() => this.#timedOut(), this.#options.onFatal);
      this.#timer = setTimeout(timedOut, request.timeoutMs);
    }
    askForAcks();
  }

  #timedOut(): void {
    const { isForced, target } = this.#request!;
    if (this.#phase === 'waiting' && isForced && target) this.#handOver(target);
    else this.#abort('no replica was ready in time');
  }

  #handOver(target: Address): void {
    clearTimeout(this.#timer);
    this.#phase = 'handing-over';
    this.#options.log('notice', `Handing over to ${target.host}:${target.port}`);
    this.#options.handOver(target, (error) => {
      if (this.#phase !== 'handing-over') return;
      if (error === undefined) this.#end();
      else this.#abort(error);
    });
  }

  #abort(reason: string): void {
    const wasHandingOver = this.#phase === 'handing-over';
    this.#options.log('warning', `Not handing over: ${reason}`);
    this.#end();
    if (wasHandingOver) this.#options.takeBack();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#phase = 'idle';
    this.#request = undefined;
    this.#options.data.unpauseWrites('failover');
  }

  #candidates(): ReplicaSession[] {
    const target = this.#request?.target;
    return [...this.#options.replicas.all()].filter(
      (session) => session.state === 'online' && (target === undefined || isAt(session, target)),
    );
  }
}

function addressOf({ ip, peer }: ReplicaSession): Address {
  return { host: ip, port: peer.listeningPort };
}

function isAt(session: ReplicaSession, { host, port }: Address): boolean {
  return session.ip === host && session.peer.listeningPort === port;
}
