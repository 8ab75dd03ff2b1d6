/**
 * A connection from one node to another, as its opener holds it. In between is a way that can be closed
 * or slow: bytes, and the news that a side has connected or hung up, pass it in order or wait. Both ends of
 * a partition therefore see what a real one shows them, which is nothing.
 */
import { createConnection, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Destination, PeerSocket } from '../../node/server/network.js';
import { Lane, type Passage } from './lane.js';

type Outward =
  | { readonly kind: 'connect' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'destroy' };

type Inward =
  | { readonly kind: 'connected' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'gone'; readonly error: Error | undefined };

type Done = (error?: Error | null) => void;

export class Wire extends Duplex implements PeerSocket {
  readonly #destination: Destination;
  readonly #passage: () => Passage;
  readonly #outward: Lane<Outward>;
  readonly #inward: Lane<Inward>;
  readonly #onGone: () => void;
  #raw: Socket | undefined;
  #error: Error | undefined;
  #wantsBytes = false;
  #keepsAlive = true;
  #hasEnded = false;
  #idleMs = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  /** @param onGone the real connection is over, on both sides. */
  constructor(destination: Destination, passage: () => Passage, onGone: () => void) {
    super({ allowHalfOpen: false });
    this.#destination = destination;
    this.#passage = passage;
    this.#onGone = onGone;
    this.#outward = new Lane(passage, (event) => this.#arriveThere(event));
    this.#inward = new Lane(passage, (event) => this.#arriveHere(event));
    this.#outward.send({ kind: 'connect' });
  }

  /** The way was closed, opened, or became another length. */
  passageChanged(): void {
    this.#outward.move();
    this.#inward.move();
    if (this.#passage().isOpen && this.#wantsBytes) this.#raw?.resume();
    else this.#raw?.pause();
  }

  /** The end of the lab: both sides hang up, whatever lies between them. */
  cut(): void {
    this.#outward.drop();
    this.#inward.drop();
    this.#raw?.destroy();
    this.destroy();
    this.#onGone();
  }

  setTimeout(ms: number): this {
    this.#idleMs = ms;
    this.#touch();
    return this;
  }

  ref(): this {
    this.#keepsAlive = true;
    this.#raw?.ref();
    return this;
  }

  unref(): this {
    this.#keepsAlive = false;
    this.#raw?.unref();
    return this;
  }

  override _read(): void {
    this.#wantsBytes = true;
    if (this.#passage().isOpen) this.#raw?.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#touch();
    if (this.#raw !== undefined && this.#outward.isClear) {
      // The real socket's patience is ours.
      this.#raw.write(bytes, (error) => done(error ?? null));
      return;
    }
    this.#outward.send({ kind: 'bytes', bytes });
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: Done): void {
    this.#outward.send({ kind: 'end' });
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#idleTimer);
    this.#inward.drop();
    this.#outward.send({ kind: 'destroy' });
    done(error);
  }

  // --- at the other end -------------------------------------------------------

  #arriveThere(event: Outward): void {
    switch (event.kind) {
      case 'connect':
        this.#open();
        return;
      case 'bytes':
        this.#raw?.write(event.bytes);
        return;
      case 'end':
        this.#raw?.end();
        return;
      case 'destroy':
        if (this.#raw === undefined) this.#onGone();
        else this.#raw.destroy();
        return;
    }
  }

  #open(): void {
    const { host, port, localAddress } = this.#destination;
    const raw = createConnection({
      host,
      port,
      noDelay: true,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.#raw = raw;
    if (!this.#keepsAlive) raw.unref();
    raw.once('connect', () => this.#inward.send({ kind: 'connected' }));
    raw.on('data', (bytes: Buffer) => this.#inward.send({ kind: 'bytes', bytes }));
    raw.once('end', () => this.#inward.send({ kind: 'end' }));
    raw.once('error', (error) => (this.#error = error));
    raw.once('close', () => {
      this.#inward.send({ kind: 'gone', error: this.#error });
      this.#onGone();
    });
    if (!this.#wantsBytes) raw.pause();
  }

  // --- at this end ------------------------------------------------------------

  #arriveHere(event: Inward): void {
    if (this.destroyed) return;
    this.#touch();
    switch (event.kind) {
      case 'connected':
        this.emit('connect');
        return;
      case 'bytes':
        if (this.push(event.bytes)) return;
        this.#wantsBytes = false;
        this.#raw?.pause();
        return;
      case 'end':
        this.#endReading();
        return;
      case 'gone':
        if (event.error !== undefined) {
          this.destroy(event.error);
          return;
        }
        this.#endReading();
        this.end();
        return;
    }
  }

  /** What has arrived is still to be read; then this end closes by itself. */
  #endReading(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.push(null);
  }

  #touch(): void {
    clearTimeout(this.#idleTimer);
    if (this.#idleMs === 0 || this.destroyed) return;
    this.#idleTimer = setTimeout(() => this.emit('timeout'), this.#idleMs).unref();
  }
}
