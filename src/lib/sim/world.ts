/**
 * Many nodes in one deterministic world. Everything that happens follows from the seed: latencies, faults,
 * crashes, what a crash forgets, and the chance inside the nodes. A seed that breaks an invariant is the
 * whole bug report.
 */
import { Prng } from '../kernel/prng.js';
import type { Effect } from '../node/machine/effects.js';
import { startHandshake } from '../node/machine/handshake.js';
import { followPrimary } from '../node/machine/roles.js';
import { bindSlot } from '../node/machine/slots.js';
import { DEFAULT_SETTINGS, type ClusterSettings } from '../node/machine/settings.js';
import { isPrimary, save } from '../node/machine/state.js';
import { SLOT_COUNT } from '../kernel/slot.js';
import { Agenda } from './agenda.js';
import { Invariants, whyNotWhole } from './invariants.js';
import { Network } from './network.js';
import { SimNode, type Surroundings } from './node.js';

export interface WorldOptions {
  readonly seed: number;
  readonly primaries: number;
  readonly replicasPerPrimary: number;
  readonly settings?: Partial<ClusterSettings>;
  /** Leaves effects out: a defect planted to see that it is found. */
  readonly filter?: Surroundings['filter'];
  /** Called after each effect, to place faults at the worst moment. */
  readonly watch?: (node: SimNode, effect: Effect) => void;
}

/** Gossip tells pong times in seconds since 1970: the world has to be past that. */
const START_MS = 1_700_000_000_000;
const DATA_TICK_MS = 100;

export class World {
  readonly prng: Prng;
  readonly agenda = new Agenda(START_MS);
  readonly nodes: SimNode[] = [];
  readonly network: Network;
  readonly invariants = new Invariants();
  readonly options: WorldOptions;

  constructor(options: WorldOptions) {
    this.options = options;
    this.prng = new Prng(options.seed);
    this.network = new Network(this.agenda, this.prng, this.nodes);
    const around: Surroundings = {
      agenda: this.agenda,
      network: () => this.network,
      settings: {
        ...DEFAULT_SETTINGS,
        nodeTimeoutMs: 1000,
        replicaValidityFactor: 0,
        ...options.settings,
      },
      prng: this.prng,
      filter: options.filter ?? ((_, effects) => effects),
      watch: (node, effect) => {
        this.invariants.watch(node, effect);
        options.watch?.(node, effect);
      },
    };
    const count = options.primaries * (1 + options.replicasPerPrimary);
    for (let index = 0; index < count; index++) this.nodes.push(new SimNode(index, around));
    for (const node of this.nodes) node.start();
    this.#moveData();
  }

  get nowMs(): number {
    return this.agenda.nowMs;
  }

  run(ms: number): void {
    this.agenda.runUntil(this.nowMs + ms);
  }

  /** Runs until the cluster is whole. @returns why it is not, after `withinMs` */
  runUntilWhole(withinMs: number): string | undefined {
    const endMs = this.nowMs + withinMs;
    for (let why = whyNotWhole(this.nodes); ; why = whyNotWhole(this.nodes)) {
      if (why === undefined || this.nowMs >= endMs) return why;
      this.run(100);
    }
  }

  /** MEET, slots and replicas, as an administrator would deal them out. @throws when it fails */
  form(): void {
    const { primaries } = this.options;
    this.nodes.forEach((node, index) => {
      node.change((state) => {
        state.myself.configEpoch = index + 1;
        state.currentEpoch = index + 1;
        if (index < primaries) {
          for (let slot = index; slot < SLOT_COUNT; slot += primaries) {
            bindSlot(state, slot, state.myself);
          }
        }
        save(state, 'durable');
      });
    });
    const [first, ...others] = this.nodes;
    for (const { ip } of others) {
      first!.change((state) =>
        startHandshake(state, { ip, port: 7000, tlsPort: 0, busPort: 17_000 }, true),
      );
    }
    this.#require('the nodes meet', 10_000);
    this.nodes.slice(primaries).forEach((node, index) => {
      const primaryId = this.nodes[index % primaries]!.id;
      node.change((state) => followPrimary(state, state.nodes.get(primaryId)!));
    });
    this.#require('the replicas follow', 10_000);
  }

  #require(what: string, withinMs: number): void {
    const why = this.runUntilWhole(withinMs);
    if (why !== undefined) throw new Error(`before any fault, until ${what}: ${why}`);
  }

  /** Primaries write, and replicas that reach theirs copy. */
  #moveData(): void {
    for (const node of this.nodes) {
      if (!node.isUp) continue;
      const { myself } = node.state;
      if (isPrimary(myself)) {
        if (this.nowMs >= node.pausedUntilMs) node.offset += this.prng.below(100);
        node.isLinkUp = false;
        continue;
      }
      const source = this.nodes.find(({ ip }) => ip === myself.primary?.ip);
      node.isLinkUp =
        source?.isUp === true &&
        isPrimary(source.state.myself) &&
        !this.network.isCut(node, source);
      if (node.isLinkUp) {
        if (!node.isStarved) node.offset = source!.offset;
        node.lastPrimaryIoMs = this.nowMs;
        node.linkDownSinceMs = undefined;
      } else node.linkDownSinceMs ??= this.nowMs;
    }
    this.agenda.after(DATA_TICK_MS, () => this.#moveData());
  }
}
