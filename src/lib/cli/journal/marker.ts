/**
 * A run shows itself in the cluster: on every primary it keeps a connection named `trib:<command>:<id>`,
 * so that an operator on another machine is noticed, whatever the clocks of the two say. All names are set
 * before the first list of clients is read, hence of two runs at least one sees the other; a run goes ahead
 * only when it sees nobody. Of two that see each other the later name leaves, and the other one waits for it.
 */
import { formatAddress } from '../../cluster/address.js';
import type { NodeAddress } from '../../cluster/model.js';
import type { ExecutionContext } from '../../execute/context.js';
import type { ExecutionEvent } from '../../execute/events.js';
import type { Link, Reply } from '../../execute/links.js';
import { mapBounded } from '../../execute/map-bounded.js';
import { pause, throwIfInterrupted } from '../../execute/wait.js';
import { AssertionFailure, TribError } from '../../kernel/errors.js';
import { CONCURRENT_NODES_MAX } from '../../kernel/limits.js';

/** How long one that has to leave may take to do so. */
const LEAVE_MS = 3_000;
/** A server may notice only a little later that one has been killed. */
const DEATH_MS = 500;
const LOOK_EVERY_MS = 50;
/** Servers with `timeout` close connections that say nothing; the name is said again before that. */
const SAY_EVERY_MS = 10_000;

const NAME = /(?:^| )name=trib:([^ :]*):([^ ]*)/;

interface Rival {
  readonly command: string;
  readonly id: string;
  readonly at: NodeAddress;
  /** Where it connects from, and its number there. */
  readonly from: string;
  readonly client: string;
  readonly ageSeconds: string;
}

export interface Marker {
  close(): void;
}

export interface MarkerWish {
  readonly command: string;
  readonly id: string;
  readonly primaries: readonly NodeAddress[];
}

/** @throws TribError ANOTHER_RUN, INTERRUPTED */
export async function setMarker(wish: MarkerWish, context: ExecutionContext): Promise<Marker> {
  const { links } = context;
  const marked = wish.primaries.map((address) => links.apart(address));
  const name = `trib:${wish.command.replace(/[^\x21-\x39\x3b-\x7e]/g, '-')}:${wish.id}`;
  const say = () => each(marked, (link) => ask(link, 'SETNAME', name));
  const close = (): void => {
    for (const link of marked) link.close();
  };
  try {
    const refusals = [...(await say()), ...(await waitAlone(wish, context))];
    if (refusals.length > 0) context.report(blindness(refusals[0]!));
  } catch (error) {
    close();
    throw error;
  }
  const again = setInterval(() => void say().catch(() => undefined), SAY_EVERY_MS);
  again.unref();
  return {
    close: () => {
      clearInterval(again);
      close();
    },
  };
}

/** @returns what could not be seen. */
async function waitAlone(
  wish: MarkerWish,
  context: ExecutionContext,
): Promise<readonly TribError[]> {
  const startedAt = performance.now();
  for (;;) {
    throwIfInterrupted(context.signal, 'before anything was changed');
    const { rivals, refusals } = await lookForRivals(wish, context);
    const [rival] = rivals;
    if (rival === undefined) return refusals;
    const earlier = rivals.find(({ id }) => id < wish.id);
    const patienceMs = earlier === undefined ? LEAVE_MS : DEATH_MS;
    if (performance.now() - startedAt > patienceMs) throw refused(earlier ?? rival);
    await pause(LOOK_EVERY_MS, context.signal);
  }
}

async function lookForRivals({ primaries, id }: MarkerWish, { links }: ExecutionContext) {
  const rivals: Rival[] = [];
  const refusals = await each(
    primaries.map((address) => links.to(address)),
    async (link) => {
      const list = String(await ask(link, 'LIST'));
      for (const line of list.split('\n')) {
        const [, command, rivalId] = NAME.exec(line) ?? [];
        if (command === undefined || rivalId === id) continue;
        const [from, client, ageSeconds] = ['addr', 'id', 'age'].map((field) =>
          fieldIn(line, field),
        );
        rivals.push({
          ...{ command, id: rivalId!, at: link.address },
          ...{ from: from!, client: client!, ageSeconds: ageSeconds! },
        });
      }
    },
  );
  return { rivals, refusals };
}

function blindness({ message }: TribError): ExecutionEvent {
  return {
    kind: 'remark',
    severity: 'info',
    message: `Whether somebody else moves slots was not seen everywhere: ${message}`,
  };
}

/** @returns refusals. A node that does not answer marks nothing: the run itself will find that out. */
async function each(
  links: readonly Link[],
  act: (link: Link) => Promise<unknown>,
): Promise<readonly TribError[]> {
  const refusals: TribError[] = [];
  await mapBounded(links, CONCURRENT_NODES_MAX, async (link) => {
    try {
      await act(link);
    } catch (error) {
      if (error instanceof AssertionFailure || !(error instanceof TribError)) throw error;
      if (error.code === 'AUTH_FAILED' || error.code === 'REPLY_ERROR') refusals.push(error);
    }
  });
  return refusals;
}

/** Over the light connection: a run that only moves slots never loads the heavy one. */
async function ask(link: Link, ...words: readonly string[]): Promise<Reply> {
  const [reply] = await link.ask([['CLIENT', ...words]]);
  if (reply instanceof TribError) throw reply;
  return reply ?? null;
}

const fieldIn = (line: string, name: string): string =>
  new RegExp(`(?:^| )${name}=([^ ]*)`).exec(line)?.[1] ?? '?';

function refused({ command, id, at, from, client, ageSeconds }: Rival): TribError {
  const where = formatAddress(at);
  return new TribError('ANOTHER_RUN', `Another run moves slots of this cluster: trib ${command}.`, {
    hint: [
      `It is ${id}, connected to ${where} from ${from} since ${ageSeconds} s.`,
      'Wait for its end. Nothing was changed by this one.',
      `If its machine is gone for good: trib call --here ${where} CLIENT KILL ID ${client}`,
    ],
    details: { command, run: id, from },
  });
}
