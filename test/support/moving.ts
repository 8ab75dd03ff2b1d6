/** Slots moved by the executor itself, without a command around it. */
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { membersOf } from '../../src/lib/cluster/view.js';
import type { ExecutionEvent } from '../../src/lib/execute/events.js';
import { moveSlots } from '../../src/lib/execute/move/move-slots.js';
import { MOVING_DEFAULTS, type Moving } from '../../src/lib/execute/move/moving.js';
import { observe } from '../../src/lib/execute/observe.js';
import { rangesOf } from '../../src/lib/kernel/ranges.js';
import { refOfMember } from '../../src/lib/plan/node-ref.js';

export interface MoveOptions {
  readonly moving?: Partial<Moving>;
  readonly login?: { readonly username?: string; readonly password: string };
  readonly signal?: AbortSignal;
  /** Where the source is told to find the target, instead of where it is. */
  readonly meetAt?: number;
  readonly deadlineMs?: number;
}

const host = '127.0.0.1';

/** @returns what was reported, all of it. Nodes are named by their ports. */
export async function moveBetween(
  from: number,
  to: number,
  slots: readonly number[],
  options: MoveOptions = {},
): Promise<ExecutionEvent[]> {
  const links = new RedisLinks({ ...options.login });
  try {
    const members = membersOf(await observe(links, { host, port: to }));
    const at = (port: number) => refOfMember(members.find(({ address }) => address.port === port)!);
    const target = at(to);
    const { meetAt } = options;
    const events: ExecutionEvent[] = [];
    await moveSlots(
      [
        {
          source: at(from),
          target: meetAt === undefined ? target : { ...target, announced: { host, port: meetAt } },
          slots: rangesOf(slots),
        },
      ],
      {
        links,
        deadlineMs: options.deadlineMs ?? 5_000,
        signal: options.signal,
        report: (event) => events.push(event),
        announce: (address) => Promise.resolve(address),
        moving: { ...MOVING_DEFAULTS, login: options.login, ...options.moving },
      },
    );
    return events;
  } finally {
    links.closeAll();
  }
}
