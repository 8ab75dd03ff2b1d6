/**
 * A storm: faults drawn from the world's own chance, for a while, and then calm. Each fault ends by itself
 * or with the storm. Fewer than a majority of the primaries are down at once for long, but any set of
 * them may be cut off, slowed down or crashed at the same moment.
 */
import type { SimNode } from './node.js';
import type { World } from './world.js';

const BETWEEN_MS = 1500;
const OUTAGE_MS = 4000;

type Fault = (world: World) => void;

const FAULTS: readonly Fault[] = [crashOne, crashOne, cutOne, split, clogSome, slowDown];

/** Storms for that long, then everything is mended and everybody is up. */
export function storm(world: World, forMs: number): void {
  const endMs = world.nowMs + forMs;
  while (world.nowMs < endMs) {
    FAULTS[world.prng.below(FAULTS.length)]!(world);
    world.run(1 + world.prng.below(BETWEEN_MS));
  }
  world.network.heal();
  world.network.latencyMsMax = 4;
  for (const node of world.nodes) if (!node.isUp) node.start();
}

/** Crashes a node; it is back after a moment, or after long enough to be replaced. */
export function crash(world: World, node: SimNode, forMs: number): void {
  node.crash();
  const { life } = node;
  world.agenda.after(forMs, () => {
    if (!node.isUp && node.life === life) node.start();
  });
}

function crashOne(world: World): void {
  const node = pick(world, world.nodes);
  if (node.isUp) crash(world, node, 1 + world.prng.below(OUTAGE_MS));
}

function cutOne(world: World): void {
  world.network.cut(pick(world, world.nodes), pick(world, world.nodes));
}

/** Two sides that do not hear each other. The next split or the calm mends it. */
function split(world: World): void {
  world.network.heal();
  const side = world.nodes.map(() => world.prng.below(3) === 0);
  for (const a of world.nodes) {
    for (const b of world.nodes) {
      if (a !== b && side[a.index] !== side[b.index]) world.network.cut(a, b);
    }
  }
}

/** Swizzle: several nodes stop receiving one by one, and go on in another order. */
function clogSome(world: World): void {
  for (let count = 1 + world.prng.below(3); count > 0; count--) {
    const node = pick(world, world.nodes);
    world.agenda.after(world.prng.below(500), () => world.network.clog(node));
    world.agenda.after(500 + world.prng.below(OUTAGE_MS), () => world.network.unclog(node));
  }
}

function slowDown(world: World): void {
  world.network.latencyMsMax = 1 + world.prng.below(400);
}

function pick<T>(world: World, from: readonly T[]): T {
  return from[world.prng.below(from.length)]!;
}
