/**
 * The two ends of a move, and what they have to know of each other: connections that nothing else waits
 * behind, the address at which the source finds the target, and the databases that have to be carried.
 */
import { formatAddress } from '../../cluster/address.js';
import { parseFacts } from '../../cluster/facts.js';
import type { NodeAddress } from '../../cluster/model.js';
import { parseClusterNodes } from '../../cluster/nodes-reply.js';
import { TribError } from '../../kernel/errors.js';
import { slotsIn } from '../../kernel/ranges.js';
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
  /**
   * Some more of the same, the first of which is `lanes`: each carries one slot at a time. A server answers
   * what has come by one connection only when all of it is done, and would wait for more then; of several
   * connections one is always being served, one on its way.
   */
  readonly tracks: readonly (readonly Lane[])[];
  /** Where the source reaches the target. */
  readonly meetingPoint: NodeAddress;
}

export interface Lane {
  readonly database: number;
  readonly link: Link;
}

/** The source works at the slot of one; two are on their way there or back. */
const TRACKS = 3;

export async function openEnds(move: SlotMove, context: ExecutionContext): Promise<Ends> {
  const { links } = context;
  const source = links.to(move.source.address);
  const target = links.to(move.target.address);
  const [databases, meetingPoint] = await Promise.all([
    databasesOf(source),
    move.target.announced ?? context.announce(move.target.address),
    serves(target, move, context),
  ]);
  const openTrack = (): Promise<readonly Lane[]> =>
    Promise.all(
      databases.map(async (database) => {
        const link = links.apart(move.source.address);
        await select(link, database);
        return { database, link };
      }),
    );
  const tracks = await Promise.all(Array.from({ length: TRACKS }, openTrack));
  return { move, source, target, lanes: tracks[0]!, tracks, meetingPoint };
}

export function closeEnds({ tracks }: Ends): void {
  for (const { link } of tracks.flat()) link.close();
}

/**
 * A primary that has just joined says CLUSTERDOWN for a moment, to every key that arrives. @throws DEADLINE
 */
async function serves(target: Link, move: SlotMove, context: ExecutionContext): Promise<void> {
  const first = await stateOf(target);
  if (first === 'ok') return;
  await tellOwner(target, move);
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

/**
 * While a slot is open at a node, gossip does not change who owns it there. Where the source has failed over,
 * the target holds on to the one that is gone, and its slots keep the target in CLUSTERDOWN for ever: it has
 * to be told. What it owns itself, and what is not open, is left alone.
 */
async function tellOwner(target: Link, { source, slots }: SlotMove): Promise<void> {
  const [text] = await target.ask([['CLUSTER', 'NODES']]);
  if (text instanceof TribError) throw text;
  const nodes = parseClusterNodes(String(text));
  if (!nodes.ok) return;
  const { self } = nodes.value;
  const own = new Set(slotsIn(self.slots));
  const behind = [...slotsIn(slots)].filter(
    (slot) => self.importing.has(slot) && self.importing.get(slot) !== source.id && !own.has(slot),
  );
  if (behind.length === 0) return;
  const replies = await target.ask(
    behind.map((slot) => ['CLUSTER', 'SETSLOT', String(slot), 'NODE', source.id]),
  );
  for (const reply of replies) if (reply instanceof TribError) throw reply;
}

async function stateOf(target: Link): Promise<string | undefined> {
  const [info] = await target.ask([['CLUSTER', 'INFO']]);
  if (info instanceof TribError) throw info;
  return parseFacts({ clusterInfo: String(info) }).clusterState;
}
