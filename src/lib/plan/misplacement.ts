/**
 * How bad a placement is. Four counts, the gravest first; as one number they order placements the way
 * the counts do one after the other.
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

/** Four counts of 13 bits fit a double; no cluster comes near 8192 misplaced replicas. */
const COUNT_LIMIT = 2 ** 13;

/** The four counts as one number that orders as they do one after the other. */
export function costOf(sites: readonly Site[], groups: readonly Group[]): number {
  const { replicasOnPrimaryHost, siblingsOnOneHost, replicasInPrimaryZone, siblingsInOneZone } =
    misplacementOf(sites, groups);
  const hosts = replicasOnPrimaryHost * COUNT_LIMIT + siblingsOnOneHost;
  return (hosts * COUNT_LIMIT + replicasInPrimaryZone) * COUNT_LIMIT + siblingsInOneZone;
}
