/**
 * Which node copies which. Copies that share a host die together, so the placement minimises, in this
 * order: replicas on their primary's host, replicas of one primary on one host, and the same two for
 * zones. Ties go to the order in which the nodes were given.
 */
export interface Site {
  readonly host: string;
  readonly zone: string | undefined;
}

/** Indexes into the list of sites. */
export interface Group {
  readonly primary: number;
  readonly replicas: readonly number[];
}

export interface Misplacement {
  readonly replicasOnPrimaryHost: number;
  /** Per primary and host, every replica after the first. */
  readonly siblingsOnOneHost: number;
  readonly replicasInPrimaryZone: number;
  readonly siblingsInOneZone: number;
}

export interface Placement {
  readonly groups: readonly Group[];
  readonly misplaced: Misplacement;
}

/** Every node is used: what does not divide evenly becomes one more replica for the first groups. */
export function placeNodes(sites: readonly Site[], groupCount: number): Placement {
  const order = interleave(sites);
  const groups = order
    .slice(0, groupCount)
    .map((primary) => ({ primary, replicas: [] as number[] }));
  const rest = order.slice(groupCount).sort((a, b) => a - b);
  for (let round = 0; rest.length > 0; round++) {
    for (const group of groups) {
      if (rest.length === 0) break;
      const at = bestFor(sites, group, rest);
      group.replicas.push(...rest.splice(at, 1));
    }
  }
  return { groups, misplaced: misplacementOf(sites, groups) };
}

export function misplacementOf(sites: readonly Site[], groups: readonly Group[]): Misplacement {
  let [onHost, sameHost, inZone, sameZone] = [0, 0, 0, 0];
  for (const { primary, replicas } of groups) {
    const own = sites[primary]!;
    const hosts = new Set<string>();
    const zones = new Set<string>();
    for (const replica of replicas) {
      const { host, zone } = sites[replica]!;
      if (host === own.host) onHost++;
      if (hosts.has(host)) sameHost++;
      hosts.add(host);
      if (zone === undefined) continue;
      if (zone === own.zone) inZone++;
      if (zones.has(zone)) sameZone++;
      zones.add(zone);
    }
  }
  return {
    replicasOnPrimaryHost: onHost,
    siblingsOnOneHost: sameHost,
    replicasInPrimaryZone: inZone,
    siblingsInOneZone: sameZone,
  };
}

/** One node per host in turn, hosts in the order they first appear. */
function interleave(sites: readonly Site[]): readonly number[] {
  const byHost = new Map<string, number[]>();
  sites.forEach(({ host }, index) => {
    byHost.set(host, [...(byHost.get(host) ?? []), index]);
  });
  const queues = [...byHost.values()];
  const order: number[] = [];
  for (let round = 0; order.length < sites.length; round++) {
    for (const queue of queues) if (round < queue.length) order.push(queue[round]!);
  }
  return order;
}

function bestFor(sites: readonly Site[], group: Group, candidates: readonly number[]): number {
  let best = 0;
  let bestCost = Infinity;
  candidates.forEach((candidate, at) => {
    const {
      replicasOnPrimaryHost: a,
      siblingsOnOneHost: b,
      replicasInPrimaryZone: c,
      siblingsInOneZone: d,
    } = misplacementOf(sites, [{ ...group, replicas: [...group.replicas, candidate] }]);
    const cost = a * 1e9 + b * 1e6 + c * 1e3 + d;
    if (cost < bestCost) [best, bestCost] = [at, cost];
  });
  return best;
}
