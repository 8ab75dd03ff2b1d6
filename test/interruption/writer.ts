/**
 * A client that writes all the time, each key in versions that only rise: what was acknowledged last must be
 * there in the end, or something newer. A stale copy that comes back to life is noticed as well as a lost one.
 */
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { ClusterLoad } from '../integration/slots-load.js';

export class Writer {
  readonly keys: readonly string[];
  readonly #route: ClusterLoad;
  readonly #acknowledged = new Map<string, number>();
  readonly #waits: number;
  #version = 0;
  #isRunning = false;
  #work: Promise<void> = Promise.resolve();

  /** @param waits count only what this many replicas have confirmed. */
  constructor(port: number, keys: readonly string[], waits = 0) {
    this.keys = keys;
    this.#route = new ClusterLoad(port, 0);
    this.#waits = waits;
  }

  get writes(): number {
    return this.#version;
  }

  start(): void {
    this.#isRunning = true;
    this.#work = this.#run();
  }

  /** What is on its way is finished. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#work;
  }

  close(): void {
    this.#route.close();
  }

  async write(key: string): Promise<void> {
    const version = ++this.#version;
    const asked = this.#asked;
    const reply = await this.#route.send(key, ['SET', key, String(version)]);
    if (reply.kind !== 'status') throw new Error(`SET ${key}: ${JSON.stringify(reply)}`);
    const isConfirmed = this.#waits === 0 || (asked === this.#asked && (await this.#waited(key)));
    if (isConfirmed) this.#acknowledged.set(key, version);
  }

  /** WAIT goes to the owner, not to the node that a write was sent to by ASK. */
  get #asked(): number {
    return this.#route.detours.get('ASK') ?? 0;
  }

  async #waited(key: string): Promise<boolean> {
    try {
      const reply = await this.#route.send(key, ['WAIT', String(this.#waits), '50']);
      return reply.kind === 'integer' && Number(reply.value) >= this.#waits;
    } catch {
      // It is a replica by now: what it had taken before is not confirmed.
      return false;
    }
  }

  /** Keys whose last acknowledged write is not there. */
  async lost(): Promise<string[]> {
    const lost: string[] = [];
    for (const [key, version] of this.#acknowledged) {
      const reply = await this.#route.send(key, ['GET', key]);
      const found = reply.kind === 'bulk' ? Number(reply.text) : 0;
      if (found < version) lost.push(`${key} (slot ${slotOfKey(key)}): ${found} < ${version}`);
    }
    return lost;
  }

  async #run(): Promise<void> {
    for (let at = 0; this.#isRunning; at++) {
      try {
        await this.write(this.keys[at % this.keys.length]!);
      } catch (error) {
        // Until a replica has taken over there is nobody to write to; such a write counts for nothing.
        if (!/nobody serves/.test(String(error))) throw error;
      }
      // It lives in the process of the nodes, which have other things to do as well.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
