/**
 * Which primary takes a replica. The one with the fewest replicas, so that they spread; among equals one
 * on another host (and host of other replicas), then the first. A primary without slots has nothing to
 * copy, and is taken only when there is no other.
 */
import { isDown, type Member } from '../cluster/view.js';
import type { NodeId } from '../kernel/node-id.js';

export interface Home {
  readonly primary: Member;
  readonly replicas: number;
  readonly hosts: readonly string[];
}

/** Primaries that answer, with the replicas they have; `without` and its followers are left out. */
export function homesIn(members: readonly Member[], without?: NodeId): Map<NodeId, Home> {
  const alive = members.filter((member) => !isDown(member) && member.role === 'primary');
  const others = alive.filter(({ id }) => id !== without);
  const serving = others.filter(({ slots }) => slots.length > 0);
  const homes = new Map<NodeId, Home>();
  for (const primary of serving.length > 0 ? serving : others) {
    const replicas = members.filter(
      ({ id, primaryId }) => primaryId === primary.id && id !== without,
    );
    homes.set(primary.id, { primary, replicas: replicas.length, hosts: replicas.map(hostOf) });
  }
  return homes;
}

export function bestHome(homes: ReadonlyMap<NodeId, Home>, host: string): Home | undefined {
  let best: { readonly home: Home; readonly cost: number } | undefined;
  for (const home of homes.values()) {
    const onHost = hostOf(home.primary) === host ? 2 : home.hosts.includes(host) ? 1 : 0;
    const cost = home.replicas * 3 + onHost;
    if (!best || cost < best.cost) best = { home, cost };
  }
  return best?.home;
}

/** Assigns each replica in turn, counting those already assigned. */
export function reHome(
  members: readonly Member[],
  replicas: readonly Member[],
  leaving: NodeId,
): readonly { readonly replica: Member; readonly primary: Member | undefined }[] {
  const homes = homesIn(members, leaving);
  return replicas.map((replica) => {
    const home = bestHome(homes, hostOf(replica));
    if (!home) return { replica, primary: undefined };
    homes.set(home.primary.id, {
      primary: home.primary,
      replicas: home.replicas + 1,
      hosts: [...home.hosts, hostOf(replica)],
    });
    return { replica, primary: home.primary };
  });
}

export function hostOf({ announced, address }: Pick<Member, 'announced' | 'address'>): string {
  return (announced ?? address).host;
}
