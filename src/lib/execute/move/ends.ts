/**
 * The two ends of a move, and what they have to know of each other: connections that nothing else waits
 * behind, the address at which the source finds the target, and the databases that have to be carried.
 */
import { formatAddress } from '../../cluster/address.js';
import { parseFacts } from '../../cluster/facts.js';
import type { NodeAddress } from '../../cluster/model.js';
import { TribError } from '../../kernel/errors.js';
import type { ExecutionContext } from '../context.js';
import type { Link } from '../links.js';
import { waitFor } from '../wait.js';
import { databasesOf, select } from './databases.js';
import type { SlotMove } from './moving.js';

export interface Ends {
  readonly move: SlotMove;
  /** For short commands to either node. */
  readonly source: Link;
  readonly target: Link;
  /** One connection to the source per database; MIGRATE has to be sent from the database it takes from. */
  readonly lanes: readonly Lane[];
  /** Where the source reaches the target. */
  readonly meetingPoint: NodeAddress;
}

export interface Lane {
  readonly database: number;
  readonly link: Link;
}

export async function openEnds(move: SlotMove, context: ExecutionContext): Promise<Ends> {
  const { links } = context;
  const source = links.to(move.source.address);
  const target = links.to(move.target.address);
  const [databases, meetingPoint] = await Promise.all([
    databasesOf(source),
    move.target.announced ?? context.announce(move.target.address),
    serves(target, context),
  ]);
  const lanes = await Promise.all(
    databases.map(async (database) => {
      const link = links.apart(move.source.address);
      await select(link, database);
      return { database, link };
    }),
  );
  return { move, source, target, lanes, meetingPoint };
}

export function closeEnds({ lanes }: Ends): void {
  for (const { link } of lanes) link.close();
}

/**
 * A primary that has just joined says CLUSTERDOWN for a moment, to every key that arrives. @throws DEADLINE
 */
async function serves(target: Link, context: ExecutionContext): Promise<void> {
  const first = await stateOf(target);
  if (first === 'ok') return;
  const name = formatAddress(target.address);
  const wait = { ...context, what: `Waiting for ${name} to serve` };
  const answer = await waitFor(wait, async () => {
    const state = await stateOf(target);
    return state === 'ok'
      ? { done: true, value: undefined }
      : { done: false, missing: [`${name} says cluster_state:${state ?? '?'}`] };
  });
  if (answer.done) return;
  throw new TribError('DEADLINE', `${name} does not serve: slots cannot be given to it.`, {
    hint: [...answer.missing, 'Look at `trib check`; --deadline waits longer.'],
  });
}

async function stateOf(target: Link): Promise<string | undefined> {
  const [info] = await target.ask([['CLUSTER', 'INFO']]);
  if (info instanceof TribError) throw info;
  return parseFacts({ clusterInfo: String(info) }).clusterState;
}
