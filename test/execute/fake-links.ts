/** Links over a table of answers: what each node says to which command, and a record of what was asked. */
import { formatAddress } from '../../src/lib/cluster/address.js';
import type { NodeAddress } from '../../src/lib/cluster/model.js';
import type { ExecutionContext } from '../../src/lib/execute/context.js';
import type { ExecutionEvent } from '../../src/lib/execute/events.js';
import type { CallOptions, Link, Links, Reply } from '../../src/lib/execute/links.js';
import { TribError } from '../../src/lib/kernel/errors.js';

export type Answer = (command: string, node: string) => unknown;

export class FakeLinks implements Links {
  /** `127.0.0.1:1 CLUSTER NODES`, in order. */
  readonly asked: string[] = [];
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  to(address: NodeAddress): Link {
    const node = formatAddress(address);
    const ask = (args: readonly (string | number | Buffer)[], options?: CallOptions) => {
      if (options?.signal?.aborted === true) throw new TribError('INTERRUPTED', 'stop');
      const command = args.join(' ');
      this.asked.push(`${node} ${command}`);
      return Promise.resolve(this.#answer(command, node));
    };
    return {
      address,
      call: async (args, options) => (await ask(args, options)) as Reply,
      callBytes: (args, options) => ask(args, options),
      ask: (questions, options) =>
        Promise.all(
          questions.map(async (args) => {
            try {
              return (await ask(args, options)) as Reply;
            } catch (error) {
              const isRefusal = error instanceof TribError && error.code === 'REPLY_ERROR';
              if (isRefusal) return error;
              throw error;
            }
          }),
        ),
      askBinary: (requests, options) => this.to(address).ask(requests, options),
      close: () => undefined,
    };
  }

  apart(address: NodeAddress): Link {
    return this.to(address);
  }

  closeAll(): void {
    // Nothing is open.
  }
}

export function replyError(reply: string): TribError {
  return new TribError('REPLY_ERROR', reply, { details: { reply } });
}

export function contextOf(
  links: Links,
  options: { readonly deadlineMs?: number; readonly signal?: AbortSignal } = {},
): ExecutionContext & { readonly events: ExecutionEvent[] } {
  const events: ExecutionEvent[] = [];
  return {
    links,
    deadlineMs: options.deadlineMs ?? 200,
    signal: options.signal,
    report: (event) => events.push(event),
    announce: (address) => Promise.resolve(address),
    events,
  };
}

export const idOf = (port: number): string => port.toString(16).padStart(40, '0');

/** CLUSTER NODES of a cluster of primaries, as the node at `self` says it. */
export function nodesText(
  self: number,
  peers: readonly number[],
  change: (port: number, line: string) => string = (_, line) => line,
): string {
  return [self, ...peers.filter((port) => port !== self)]
    .map((port) => {
      const flags = port === self ? 'myself,master' : 'master';
      const line = `${idOf(port)} 127.0.0.1:${port}@${port + 10_000} ${flags} - 0 0 ${port} connected ${port}`;
      return change(port, line);
    })
    .join('\n');
}
