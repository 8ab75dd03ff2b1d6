/**
 * The best placement there is, by dynamic programming. Nodes on one host are alike, so what matters is how
 * many of each host are left: group after group takes some, and the cheapest way to use up the rest is
 * worked out once per remainder. Hosts of one zone with the same number left are alike too, which keeps
 * the remainders few: thirty nodes on thirty hosts have thirty of them, not a billion.
 */
import { AssertionFailure } from '../kernel/errors.js';
import { costOf, type Group, type Site } from './misplacement.js';

/** Beyond this many remainders or ways to fill groups the answer is "too much to work out". */
const WORK_MAX = 60_000;

/** Nodes that are alike: same host, same zone. */
interface HostClass {
  readonly host: string;
  readonly zone: string | undefined;
  /** In the order given. */
  readonly nodes: readonly number[];
}

/** Hosts chosen for one group, the primary's first. */
type Choice = readonly number[];

interface Solution {
  readonly cost: number;
  readonly choices: readonly Choice[];
}

/**
 * @param sizes nodes per group, largest first.
 * @returns undefined when it would take too long.
 */
export function exactPlacement(
  sites: readonly Site[],
  sizes: readonly number[],
): readonly Group[] | undefined {
  const hosts = hostsIn(sites);
  const solution = new Search(hosts, sizes).run();
  return solution && groupsOf(hosts, solution.choices);
}

class Search {
  readonly #hosts: readonly HostClass[];
  readonly #sizes: readonly number[];
  /** Least cost by remainder. */
  readonly #best = new Map<string, number>();
  /** A host in two zones is like no other; remainders are then told apart by the letter. */
  readonly #isRegular: boolean;
  #work = 0;

  constructor(hosts: readonly HostClass[], sizes: readonly number[]) {
    this.#hosts = hosts;
    this.#sizes = sizes;
    this.#isRegular = new Set(hosts.map(({ host }) => host)).size === hosts.length;
  }

  run(): Solution | undefined {
    const left = this.#hosts.map(({ nodes }) => nodes.length);
    const cost = this.#costOf(left, 0);
    if (cost === undefined) return undefined;
    const choices: Choice[] = [];
    for (let group = 0; group < this.#sizes.length; group++) {
      const choice = this.#chosen(left, group);
      choices.push(choice);
      for (const host of choice) left[host]!--;
    }
    return { cost, choices };
  }

  /** The least cost of filling the groups from `group` on; undefined when the work got too much. */
  #costOf(left: readonly number[], group: number): number | undefined {
    if (group === this.#sizes.length) return 0;
    const key = this.#keyOf(left, group);
    const known = this.#best.get(key);
    if (known !== undefined) return known;
    let best = Infinity;
    for (const choice of this.#choices(left, this.#sizes[group]!)) {
      const own = this.#ownCost(choice);
      if (own >= best) continue;
      const rest = this.#costOf(without(left, choice), group + 1);
      if (rest === undefined) return undefined;
      best = Math.min(best, own + rest);
      if (best === 0) break;
    }
    if (this.#work > WORK_MAX) return undefined;
    this.#best.set(key, best);
    return best;
  }

  /** The first choice that leads to the least cost; its remainder is in the table, or there is none. */
  #chosen(left: readonly number[], group: number): Choice {
    const target = this.#best.get(this.#keyOf(left, group));
    this.#work = 0;
    for (const choice of this.#choices(left, this.#sizes[group]!)) {
      const isLast = group === this.#sizes.length - 1;
      const rest = isLast ? 0 : this.#best.get(this.#keyOf(without(left, choice), group + 1));
      if (rest !== undefined && this.#ownCost(choice) + rest === target) return choice;
    }
    throw new AssertionFailure('a cost that was worked out has a choice that leads to it');
  }

  /** Equal for remainders that differ only in which of several like hosts has how many left. */
  #keyOf(left: readonly number[], group: number): string {
    if (!this.#isRegular) return `${group}|${left.join()}`;
    const byZone = new Map<string, number[]>();
    this.#hosts.forEach(({ zone }, host) => {
      if (left[host] === 0) return;
      const counts = byZone.get(zone ?? '\0') ?? [];
      counts.push(left[host]!);
      byZone.set(zone ?? '\0', counts);
    });
    const zones = [...byZone].map(([zone, counts]) => {
      const text = counts.sort((a, b) => b - a).join();
      // A node without a zone shares none, so those hosts must not be taken for one zone.
      return zone === '\0' ? `-${text}` : text;
    });
    return `${group}|${zones.sort().join(';')}`;
  }

  #ownCost(choice: Choice): number {
    const sites = choice.map((host) => this.#hosts[host]!);
    const replicas = choice.slice(1).map((_, index) => index + 1);
    return costOf(sites, [{ primary: 0, replicas }]);
  }

  /** All ways to take a group from what is left: the primary's host, and a multiset of replica hosts. */
  *#choices(left: readonly number[], size: number): Generator<Choice> {
    const alike = new Set<string>();
    for (let primary = 0; primary < left.length; primary++) {
      if (left[primary] === 0) continue;
      const rest = without(left, [primary]);
      for (const replicas of multisets(rest, size - 1, 0)) {
        if (++this.#work > WORK_MAX) return;
        const choice = [primary, ...replicas];
        const kind = this.#kindOf(left, choice);
        if (alike.has(kind)) continue;
        alike.add(kind);
        yield choice;
      }
    }
  }

  /** Choices of the same kind cost the same now and leave like remainders. */
  #kindOf(left: readonly number[], choice: Choice): string {
    if (!this.#isRegular) return choice.join();
    const taken = new Map<number, string>();
    choice.forEach((host, at) => {
      taken.set(host, (taken.get(host) ?? '') + (at === 0 ? 'p' : 'r'));
    });
    return [...taken]
      .map(([host, roles]) => `${this.#hosts[host]!.zone ?? '\0'}/${left[host]!}/${roles}`)
      .sort()
      .join(';');
  }
}

function without(left: readonly number[], choice: Choice): number[] {
  const rest = [...left];
  for (const host of choice) rest[host]!--;
  return rest;
}

function* multisets(left: readonly number[], size: number, from: number): Generator<Choice> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let host = from; host < left.length; host++) {
    if (left[host] === 0) continue;
    for (const others of multisets(without(left, [host]), size - 1, host)) yield [host, ...others];
  }
}

function hostsIn(sites: readonly Site[]): readonly HostClass[] {
  const classes = new Map<string, { host: string; zone: string | undefined; nodes: number[] }>();
  sites.forEach(({ host, zone }, index) => {
    const key = `${host}\0${zone ?? ''}`;
    const known = classes.get(key);
    if (known) known.nodes.push(index);
    else classes.set(key, { host, zone, nodes: [index] });
  });
  return [...classes.values()];
}

/** From hosts back to nodes: the earliest of each host first, primaries before replicas. */
function groupsOf(hosts: readonly HostClass[], choices: readonly Choice[]): readonly Group[] {
  const queues = hosts.map(({ nodes }) => [...nodes]);
  const take = (host: number): number => queues[host]!.shift()!;
  const primaries = choices.map(([host]) => take(host!));
  const groups = choices.map((choice, at) => ({
    primary: primaries[at]!,
    replicas: choice
      .slice(1)
      .map(take)
      .sort((a, b) => a - b),
  }));
  return groups.sort((a, b) => a.primary - b.primary);
}
