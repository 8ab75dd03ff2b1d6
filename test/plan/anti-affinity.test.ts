import { expect } from 'chai';
import fc from 'fast-check';
import { placeNodes } from '../../src/lib/plan/anti-affinity.js';
import { costOf, type Group, type Site } from '../../src/lib/plan/misplacement.js';

/** Zones by host, as the machines in a rack. */
function sitesOf(hosts: readonly number[], zones: readonly (number | undefined)[] = []): Site[] {
  return hosts.map((host) => ({
    host: `10.0.0.${host}`,
    zone: zones[host] === undefined ? undefined : `zone-${zones[host]}`,
  }));
}

/** Every way to choose primaries and deal the rest, without any cleverness. */
function bruteForce(sites: readonly Site[], sizes: readonly number[]): number {
  let best = Infinity;
  const place = (groups: readonly Group[], rest: readonly number[]): void => {
    const size = sizes[groups.length];
    if (size === undefined) {
      best = Math.min(best, costOf(sites, groups));
      return;
    }
    for (const primary of rest) {
      const others = rest.filter((node) => node !== primary);
      for (const replicas of combinations(others, size - 1)) {
        place([...groups, { primary, replicas }], without(others, replicas));
      }
    }
  };
  place([], [...sites.keys()]);
  return best;
}

const without = (nodes: readonly number[], taken: readonly number[]) =>
  nodes.filter((node) => !taken.includes(node));

function combinations(nodes: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return nodes.flatMap((node, at) =>
    combinations(nodes.slice(at + 1), size - 1).map((rest) => [node, ...rest]),
  );
}

/** The dealing of redis-trib.rb before its random swaps. */
function incumbent(sites: readonly Site[], primaries: number, replicas: number): Group[] {
  const queues = [...new Set(sites.map(({ host }) => host))].map((host) =>
    [...sites.keys()].filter((node) => sites[node]!.host === host),
  );
  const order: number[] = [];
  while (order.length < sites.length) {
    for (const queue of queues) order.push(...queue.splice(0, 1));
  }
  const groups = order
    .slice(0, primaries)
    .map((primary) => ({ primary, replicas: [] as number[] }));
  const rest = order.slice(primaries);
  rest.push(...rest.splice(0, 1));
  const take = (group: { primary: number; replicas: number[] }) => {
    const apart = rest.findIndex((node) => sites[node]!.host !== sites[group.primary]!.host);
    group.replicas.push(...rest.splice(Math.max(0, apart), 1));
  };
  for (const group of groups) for (let n = 0; n < replicas; n++) take(group);
  for (const group of groups) if (rest.length > 0) take(group);
  return groups;
}

function expectWhole(groups: readonly Group[], nodeCount: number): void {
  const nodes = groups.flatMap(({ primary, replicas }) => [primary, ...replicas]);
  expect([...nodes].sort((a, b) => a - b)).to.deep.equal([...Array(nodeCount).keys()]);
}

const smallCluster = fc
  .tuple(fc.integer({ min: 2, max: 7 }), fc.integer({ min: 1, max: 3 }))
  .chain(([nodes, groups]) =>
    fc.record({
      groups: fc.constant(Math.min(groups, Math.floor(nodes / 2))),
      hosts: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: nodes, maxLength: nodes }),
      zones: fc.array(fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined }), {
        minLength: 4,
        maxLength: 4,
      }),
    }),
  );

const largeCluster = fc.record({
  replicas: fc.integer({ min: 1, max: 3 }),
  hosts: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 12, maxLength: 120 }),
});

describe('anti-affinity', () => {
  it('is as good as trying everything', () => {
    fc.assert(
      fc.property(smallCluster, ({ groups, hosts, zones }) => {
        const sites = sitesOf(hosts, zones);
        const placement = placeNodes(sites, groups);
        expectWhole(placement.groups, hosts.length);
        const sizes = placement.groups.map(({ replicas }) => replicas.length + 1);
        expect(placement.isProvenBest).to.equal(true);
        expect(costOf(sites, placement.groups)).to.equal(bruteForce(sites, sizes));
      }),
      { numRuns: 150 },
    );
  });

  it('is as good as trying everything when servers of one host name different zones', () => {
    const site = fc.record({
      host: fc.constantFrom('a', 'b'),
      zone: fc.constantFrom('x', 'y', undefined),
    });
    fc.assert(
      fc.property(fc.array(site, { minLength: 4, maxLength: 6 }), (sites) => {
        const { groups } = placeNodes(sites, 2);
        const sizes = groups.map(({ replicas }) => replicas.length + 1);
        expect(costOf(sites, groups)).to.equal(bruteForce(sites, sizes));
      }),
      { numRuns: 100 },
    );
  });

  it('is never worse than the dealing of redis-trib, however many nodes', () => {
    fc.assert(
      fc.property(largeCluster, ({ replicas, hosts }) => {
        const sites = sitesOf(hosts);
        const primaries = Math.floor(hosts.length / (replicas + 1));
        const { groups } = placeNodes(sites, primaries);
        expectWhole(groups, hosts.length);
        expect(costOf(sites, groups)).to.be.at.most(
          costOf(sites, incumbent(sites, primaries, replicas)),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('keeps its quality when the nodes are given in another order', () => {
    fc.assert(
      fc.property(smallCluster, fc.infiniteStream(fc.nat()), ({ groups, hosts, zones }, keys) => {
        const order = hosts
          .map((host) => ({ host, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ host }) => host);
        const cost = (from: readonly number[]) => {
          const sites = sitesOf(from, zones);
          return costOf(sites, placeNodes(sites, groups).groups);
        };
        expect(cost(order)).to.equal(cost(hosts));
      }),
      { numRuns: 150 },
    );
  });

  it('follows the order given where all nodes are alike', () => {
    const { groups } = placeNodes(sitesOf([1, 1, 1, 1, 1, 1]), 3);
    expect(groups).to.deep.equal([
      { primary: 0, replicas: [3] },
      { primary: 1, replicas: [4] },
      { primary: 2, replicas: [5] },
    ]);
  });

  it('takes primaries from all hosts before it takes a second one from any', () => {
    const { groups, misplaced } = placeNodes(sitesOf([1, 1, 2, 2, 3, 3]), 3);
    expect(groups.map(({ primary }) => primary)).to.deep.equal([0, 2, 4]);
    expect(Object.values(misplaced)).to.deep.equal([0, 0, 0, 0]);
  });

  it('keeps a replica off its primary’s host before it keeps siblings apart', () => {
    const { misplaced } = placeNodes(sitesOf([1, 1, 1, 1, 2, 2]), 2);
    expect(misplaced).to.include({ replicasOnPrimaryHost: 0, siblingsOnOneHost: 2 });
  });

  it('spreads over zones once hosts are as good as they get', () => {
    const zones = [0, 0, 1, 1];
    const { misplaced } = placeNodes(sitesOf([0, 1, 2, 3, 0, 1, 2, 3], zones), 4);
    expect(Object.values(misplaced)).to.deep.equal([0, 0, 0, 0]);
  });
});
