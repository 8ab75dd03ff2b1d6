/**
 * Which node copies which. Copies that share a host die together, so the placement minimises, in this
 * order: replicas on their primary's host, replicas of one primary on one host, and the same two for
 * zones. Ties go to the order in which the nodes were given.
 *
 * First the nodes are dealt the way redis-trib deals them, one host after the other, and improved by
 * swapping; that is what people expect to see, and usually perfect. Where it is not, `exactPlacement`
 * says whether anything better exists, as far as it can be worked out in reasonable time.
 */
import { exactPlacement } from './exact-placement.js';
import {
  costOf,
  misplacementOf,
  type Group,
  type Misplacement,
  type Site,
} from './misplacement.js';

export interface Placement {
  readonly groups: readonly Group[];
  readonly misplaced: Misplacement;
  /** True when no arrangement is better; false when that was too much to work out. */
  readonly isProvenBest: boolean;
}

/** Every node is used: what does not divide evenly becomes one more replica for the first groups. */
export function placeNodes(sites: readonly Site[], groupCount: number): Placement {
  const candidates = [deal(sites, groupCount), dealByHost(sites, groupCount)];
  const improved = candidates.map((groups) => improve(sites, groups));
  // Strictly better only: among equals the first, which follows the order given.
  const best = improved.reduce((a, b) => (costOf(sites, b) < costOf(sites, a) ? b : a));
  if (costOf(sites, best) === 0) return placementOf(sites, best, true);
  const exact = exactPlacement(
    sites,
    best.map(sizeOf).sort((a, b) => b - a),
  );
  if (!exact) return placementOf(sites, best, false);
  return placementOf(sites, costOf(sites, exact) < costOf(sites, best) ? exact : best, true);
}

const sizeOf = ({ replicas }: Group): number => replicas.length + 1;

function placementOf(
  sites: readonly Site[],
  groups: readonly Group[],
  isProvenBest: boolean,
): Placement {
  return {
    groups: [...groups],
    misplaced: misplacementOf(sites, groups),
    isProvenBest,
  };
}

/** Primaries from each host in turn; then each in turn takes the node that fits it best. */
function deal(sites: readonly Site[], groupCount: number): readonly Group[] {
  const order = interleave(sites);
  const groups = order
    .slice(0, groupCount)
    .map((primary) => ({ primary, replicas: [] as number[] }));
  const rest = order.slice(groupCount).sort((a, b) => a - b);
  while (rest.length > 0) {
    for (const group of groups) {
      if (rest.length === 0) break;
      group.replicas.push(...rest.splice(bestFor(sites, group, rest), 1));
    }
  }
  return groups;
}

/**
 * Nodes sorted by zone and host, dealt like cards: neighbours, which share a host, go to different
 * groups. No host that has at most as many nodes as there are groups is then in one group twice.
 */
function dealByHost(sites: readonly Site[], groupCount: number): readonly Group[] {
  const zones = groupIndexes(sites, ({ zone, host }) => zone ?? `\0${host}`);
  const order = zones.flatMap((zone) =>
    groupIndexes(
      zone.map((index) => sites[index]!),
      ({ host }) => host,
    ).flatMap((hostGroup) => hostGroup.map((at) => zone[at]!)),
  );
  const hands: number[][] = Array.from({ length: groupCount }, () => []);
  order.forEach((node, at) => hands[at % groupCount]!.push(node));
  const groups = hands.map((hand) => withBestPrimary(sites, hand));
  return groups.sort((a, b) => a.primary - b.primary);
}

/** The primary of a given set of nodes: the first one that costs least. */
function withBestPrimary(sites: readonly Site[], nodes: readonly number[]): Group {
  const sorted = [...nodes].sort((a, b) => a - b);
  const options = sorted.map((primary) => ({
    primary,
    replicas: sorted.filter((node) => node !== primary),
  }));
  return options.reduce((a, b) => (costOf(sites, [b]) < costOf(sites, [a]) ? b : a));
}

/** Rounds of swapping; each must gain something, and a handful settles whatever swaps can settle. */
const ROUNDS_MAX = 8;

/** Swaps two nodes of two groups wherever that costs less, until nothing does. */
function improve(sites: readonly Site[], start: readonly Group[]): readonly Group[] {
  const groups = [...start];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let hasGained = false;
    for (let at = 0; at < groups.length; at++) {
      if (costOf(sites, [groups[at]!]) > 0 && swapBest(sites, groups, at)) hasGained = true;
    }
    if (!hasGained) break;
  }
  return groups;
}

/** The first swap with another group that gains; true when there was one. */
function swapBest(sites: readonly Site[], groups: Group[], at: number): boolean {
  const mine = groups[at]!;
  const before = costOf(sites, [mine]);
  for (let other = 0; other < groups.length; other++) {
    if (other === at) continue;
    const theirs = groups[other]!;
    const both = before + costOf(sites, [theirs]);
    for (const [a, b] of pairs(mine, theirs)) {
      if (isAlike(sites[a]!, sites[b]!)) continue;
      const left = replaced(mine, a, b);
      const right = replaced(theirs, b, a);
      if (costOf(sites, [left]) + costOf(sites, [right]) < both) {
        groups[at] = left;
        groups[other] = right;
        return true;
      }
    }
  }
  return false;
}

const isAlike = (a: Site, b: Site): boolean => a.host === b.host && a.zone === b.zone;

function* pairs(mine: Group, theirs: Group): Generator<readonly [number, number]> {
  for (const a of [...mine.replicas, mine.primary]) {
    for (const b of [...theirs.replicas, theirs.primary]) yield [a, b];
  }
}

function replaced({ primary, replicas }: Group, from: number, to: number): Group {
  return {
    primary: primary === from ? to : primary,
    replicas: replicas.map((replica) => (replica === from ? to : replica)),
  };
}

/** One node per host in turn, and hosts of different zones in turn, both in order of appearance. */
function interleave(sites: readonly Site[]): readonly number[] {
  const hosts = groupIndexes(sites, ({ host }) => host);
  const byZone = groupIndexes(
    hosts.map(([first]) => sites[first!]!),
    ({ zone, host }) => zone ?? `\0${host}`,
  );
  const queues = inTurn(byZone).map((host) => hosts[host]!);
  return inTurn(queues);
}

/** First of each, second of each, and so on. */
function inTurn(queues: readonly (readonly number[])[]): readonly number[] {
  const longest = Math.max(0, ...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, round) =>
    queues.flatMap((queue) => queue.slice(round, round + 1)),
  ).flat();
}

function groupIndexes(
  sites: readonly Site[],
  keyOf: (site: Site) => string,
): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  sites.forEach((site, index) => {
    const key = keyOf(site);
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  });
  return [...groups.values()];
}

function bestFor(sites: readonly Site[], group: Group, candidates: readonly number[]): number {
  let best = 0;
  let bestCost = Infinity;
  for (const [at, candidate] of candidates.entries()) {
    const cost = costOf(sites, [{ ...group, replicas: [...group.replicas, candidate] }]);
    if (cost < bestCost) [best, bestCost] = [at, cost];
    // Candidates come in the order given: nothing later can be preferred to a free place.
    if (cost === 0) break;
  }
  return best;
}
