/**
 * The network between the nodes of one lab, with the faults that somebody has ordered. Every connection
 * between two nodes was opened by one of them, so that end is where a link is cut or slowed, in both
 * directions; who opened it and whom it leads to is known here. Clients are no nodes and pass untouched.
 */
import type { Socket } from 'node:net';
import type { Destination, Network, PeerSocket } from '../../node/server/network.js';
import { hold } from './hold.js';
import type { Passage } from './lane.js';
import { Wire } from './wire.js';

export class FaultNetwork {
  readonly #sites = new Map<number, Site>();
  readonly #partitions = new Set<(a: Site, b: Site) => boolean>();
  readonly #delays = new Map<Site, Map<Site, number>>();

  /** A place for one more node. */
  newSite(): Site {
    return new Site(this);
  }

  /** This node is reached at these ports from now on. */
  register(site: Site, ports: readonly number[]): void {
    for (const port of ports) this.#sites.set(port, site);
  }

  siteAt(port: number): Site | undefined {
    return this.#sites.get(port);
  }

  passage(from: Site, to: Site | undefined): Passage {
    if (to === undefined) return { isOpen: true, delayMs: 0 };
    const isOpen = ![...this.#partitions].some((divides) => divides(from, to));
    return { isOpen, delayMs: this.#delays.get(from)?.get(to) ?? 0 };
  }

  /** Nothing passes between the two sides. @returns what heals it. */
  divide(one: ReadonlySet<Site>, other: ReadonlySet<Site>): () => void {
    const divides = (a: Site, b: Site): boolean =>
      (one.has(a) && other.has(b)) || (one.has(b) && other.has(a));
    this.#partitions.add(divides);
    this.#changed();
    return () => {
      if (this.#partitions.delete(divides)) this.#changed();
    };
  }

  /** What one of the two sends reaches the other so much later; 0: at once. */
  delay(a: Site, b: Site, ms: number): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const delays = this.#delays.get(from) ?? new Map<Site, number>();
      this.#delays.set(from, delays.set(to, ms));
    }
    this.#changed();
  }

  /** No partition, no delay. */
  heal(): void {
    this.#partitions.clear();
    this.#delays.clear();
    this.#changed();
  }

  /** Hangs up whatever is still connected behind a partition. */
  close(): void {
    for (const site of new Set(this.#sites.values())) site.close();
  }

  #changed(): void {
    for (const site of new Set(this.#sites.values())) site.passageChanged();
  }
}

/** The network as one node sees it. */
export class Site implements Network {
  readonly #world: FaultNetwork;
  readonly #wires = new Set<Wire>();
  readonly #accepted = new Set<Socket>();
  readonly #waiting: (() => void)[] = [];
  readonly #releases: (() => void)[] = [];
  #isFrozen = false;

  constructor(world: FaultNetwork) {
    this.#world = world;
  }

  connect(destination: Destination): PeerSocket {
    const passage = (): Passage =>
      this.#isFrozen
        ? { isOpen: false, delayMs: 0 }
        : this.#world.passage(this, this.#world.siteAt(destination.port));
    const wire: Wire = new Wire(destination, passage, () => this.#wires.delete(wire));
    this.#wires.add(wire);
    return wire;
  }

  accept(socket: Socket, admit: (socket: Socket) => void): void {
    if (this.#isFrozen) {
      // The system has accepted it, the process not yet. It may be gone by the time it is looked at.
      socket.on('error', () => socket.destroy());
      this.#waiting.push(() => this.accept(socket, admit));
      return;
    }
    this.#accepted.add(socket);
    socket.once('close', () => this.#accepted.delete(socket));
    admit(socket);
  }

  /** Every connection of this node stays as it is: nothing is heard, nothing is said. */
  freeze(): void {
    if (this.#isFrozen) return;
    this.#isFrozen = true;
    for (const socket of this.#accepted) this.#releases.push(hold(socket));
    this.passageChanged();
  }

  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    for (const release of this.#releases.splice(0)) release();
    for (const admit of this.#waiting.splice(0)) admit();
    this.passageChanged();
  }

  passageChanged(): void {
    for (const wire of [...this.#wires]) wire.passageChanged();
  }

  close(): void {
    this.thaw();
    for (const wire of [...this.#wires]) wire.cut();
  }
}
