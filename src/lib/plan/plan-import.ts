/**
 * Taking the keys of a server that is no member into a cluster. A cluster has one database, a plain server
 * has sixteen: which of them come along must be said where it matters. How keys travel is decided here as
 * well: from the source straight to the node they belong to where that can work, through this machine
 * where it cannot.
 */
import { formatAddress, isLoopback } from '../cluster/address.js';
import { fingerprint } from '../cluster/fingerprint.js';
import type { ClusterView, NodeAddress, NodeFacts } from '../cluster/model.js';
import { membersOf, type Member } from '../cluster/view.js';
import { TribError } from '../kernel/errors.js';
import { countSlots } from '../kernel/ranges.js';
import { isAtLeast } from '../kernel/version.js';
import type { DataStep } from './data-step.js';
import { refOfMember } from './node-ref.js';
import type { Plan } from './plan.js';

export interface ImportSource {
  readonly address: NodeAddress;
  readonly facts: NodeFacts;
  /** Whether it speaks TLS to the targets of MIGRATE (`tls-cluster`). */
  readonly migratesByTls: boolean;
}

export interface ImportWish {
  /** Databases to take; undefined: database 0, and no other may hold keys. */
  readonly databases?: readonly number[] | undefined;
  /** All databases that hold keys become one. */
  readonly merge: boolean;
  readonly copy: boolean;
  readonly throughTool: boolean;
  readonly login?: { readonly username?: string | undefined } | undefined;
  readonly clusterSpeaksTls: boolean;
}

/** Straight: the source sends keys to their new owner (MIGRATE). Through the tool: DUMP here, RESTORE there. */
export type ImportWay = 'straight' | 'through-tool';

export interface ImportPlan extends Plan<DataStep> {
  readonly databases: readonly number[];
  readonly keyCount: number;
  readonly way: ImportWay;
}

/** @throws TribError REFUSED, UNHEALTHY, USAGE */
export function planImport(view: ClusterView, source: ImportSource, wish: ImportWish): ImportPlan {
  const { facts } = source;
  const where = formatAddress(source.address);
  refuseSource(source, wish);
  const databases = databasesOf(source, wish);
  const keyCount = databases.reduce((sum, database) => sum + (facts.keys.get(database) ?? 0), 0);
  const obstacle = wish.throughTool ? undefined : obstacleOf(view, source, wish);
  const way = wish.throughTool || obstacle !== undefined ? 'through-tool' : 'straight';
  const owners = membersOf(view).filter(({ slots }) => countSlots(slots) > 0);
  const verb = wish.copy ? 'are copied' : 'move';
  const route = way === 'straight' ? 'from server to server' : 'through this machine';
  return {
    command: 'import',
    fingerprint: fingerprint(view),
    databases,
    keyCount,
    way,
    stages:
      keyCount === 0
        ? []
        : [
            {
              title: `Importing data from ${where} to cluster ${entryOf(view)}`,
              steps: owners.map((owner) => ({
                kind: 'import-keys',
                node: refOfMember(owner),
                source: where,
                slots: owner.slots,
                why: `${keyCount} keys of database ${databases.join(', ')} ${verb} ${route}`,
              })),
              settled: { kind: 'at-once' },
            },
          ],
    remarks: [
      ...(obstacle === undefined ? [] : [`Keys travel through this machine: ${obstacle}.`]),
      ...leftOutRemark(source, databases),
    ],
  };
}

function refuseSource({ address, facts }: ImportSource, { copy }: ImportWish): void {
  const where = formatAddress(address);
  // Servers before 3.0 do not tell: they know no clusters, and are plain ones.
  if (facts.clusterEnabled === true) {
    throw new TribError('REFUSED', 'The source node should not be a cluster node.', {
      hint: `${where} is one: move its slots, or take a backup of its cluster and restore that.`,
      details: { source: where },
    });
  }
  if (facts.isLoading) {
    throw new TribError('REFUSED', `The source ${where} is still loading its data.`, {
      hint: 'Wait until it is ready, then run the same again.',
    });
  }
  if (facts.role === 'replica' && !copy) {
    throw new TribError('REFUSED', `The source ${where} is a replica: keys cannot be moved out.`, {
      hint: 'Import from its primary, or take copies with --copy.',
    });
  }
}

function databasesOf({ address, facts }: ImportSource, wish: ImportWish): readonly number[] {
  const filled = [...facts.keys].filter(([, keys]) => keys > 0).map(([database]) => database);
  filled.sort((a, b) => a - b);
  const chosen = wish.databases;
  if (chosen !== undefined) {
    const several = new Set(chosen);
    if (several.size > 1 && !wish.merge) throw manyDatabases(address, facts, [...several]);
    return [...several].sort((a, b) => a - b);
  }
  if (wish.merge) return filled.length === 0 ? [0] : filled;
  if (filled.some((database) => database !== 0)) throw manyDatabases(address, facts, filled);
  return [0];
}

function manyDatabases(
  address: NodeAddress,
  facts: NodeFacts,
  databases: readonly number[],
): TribError {
  const counts = databases.map((database) => `${database} (${facts.keys.get(database) ?? 0} keys)`);
  const plural = counts.length === 1 ? '' : 's';
  return new TribError(
    'REFUSED',
    `${formatAddress(address)} holds keys in database${plural} ${counts.join(', ')}, and a cluster has database 0 only.`,
    {
      hint: [
        'Take one of them with --db N,',
        'or put all into one with --merge-databases: names that stand in two of them are found first.',
      ],
      details: { databases: Object.fromEntries(facts.keys) },
    },
  );
}

function leftOutRemark({ facts }: ImportSource, databases: readonly number[]): readonly string[] {
  const left = [...facts.keys].filter(
    ([database, keys]) => keys > 0 && !databases.includes(database),
  );
  if (left.length === 0) return [];
  const names = left.map(([database, keys]) => `${database} (${keys} keys)`).join(', ');
  return [`Not taken along: database ${names}.`];
}

/** Why the source cannot send keys itself. */
function obstacleOf(
  view: ClusterView,
  { address, facts, migratesByTls }: ImportSource,
  wish: ImportWish,
): string | undefined {
  const { version } = facts;
  if (facts.role === 'replica') return 'the source is a replica, which may not send keys itself';
  if (wish.clusterSpeaksTls && !migratesByTls) {
    return 'the cluster is reached over TLS, and the source does not send keys over TLS (tls-cluster)';
  }
  if (!wish.clusterSpeaksTls && migratesByTls) {
    return 'the source sends keys over TLS (tls-cluster), and the cluster is reached without';
  }
  if (wish.copy && !isAtLeast(version, '3.0.0')) return 'the source cannot send copies before 3.0';
  if (wish.login !== undefined) {
    const needs = wish.login.username === undefined ? '4.0.7' : '6.0.0';
    if (!isAtLeast(version, needs)) {
      return `the source cannot log in to the cluster before version ${needs}`;
    }
  }
  const near = membersOf(view).find((member) => isNearOnly(member) && !isLoopback(address.host));
  if (near) {
    return `the cluster announces ${near.announced!.host}, which means another machine to the source`;
  }
  return undefined;
}

/** Known by an address that leads everybody to himself. */
const isNearOnly = ({ announced, slots }: Member): boolean =>
  announced !== undefined && isLoopback(announced.host) && countSlots(slots) > 0;

function entryOf(view: ClusterView): string {
  return formatAddress(view.claims.get(view.entryId)!.reachedAt);
}
