/** Values into a cluster: RESTOREs to one node in one packet, and what became of each. */
import { addressFrom, formatAddress } from '../cluster/address.js';
import type { NodeAddress } from '../cluster/model.js';
import { latin1ToUtf8 } from '../kernel/bytes.js';
import { TribError } from '../kernel/errors.js';
import type { Links } from './links.js';
import { replyWordsOf } from './reply-words.js';

/** What a node says when it is not, or not now, the one to ask. */
const ASTRAY = /^(MOVED|CLUSTERDOWN|TRYAGAIN|READONLY|LOADING|MASTERDOWN)\b/;

export function isAstray(words: string): boolean {
  return ASTRAY.test(words);
}

export interface Delivery<T> {
  readonly restored: readonly T[];
  /** The node has a key of that name. */
  readonly busy: readonly T[];
  /** The node does not take keys of that slot, or not now. */
  readonly lost: readonly T[];
}

/** @throws TribError for any other refusal, naming the key; as `Link.askBinary` */
export async function deliver<T extends { readonly key: string }>(
  links: Links,
  target: NodeAddress,
  entries: readonly T[],
  wordsOf: (entry: T) => readonly string[],
  deadlineMs: number,
): Promise<Delivery<T>> {
  const restored: T[] = [];
  const busy: T[] = [];
  const lost: T[] = [];
  if (entries.length === 0) return { restored, busy, lost };
  const commands = entries.map(wordsOf);
  const replies = await links.to(target).askBinary(commands, { deadlineMs });
  for (const [at, entry] of entries.entries()) {
    let reply = replies[at];
    const asked = /^ASK \d+ (\S+)$/.exec(replyWordsOf(reply))?.[1];
    if (asked !== undefined) {
      const link = links.to(askedAddress(asked, target));
      reply = (await link.askBinary([['ASKING'], commands[at]!], { deadlineMs }))[1];
    }
    const words = replyWordsOf(reply);
    if (!(reply instanceof TribError)) restored.push(entry);
    else if (words.startsWith('BUSYKEY')) busy.push(entry);
    else if (isAstray(words)) lost.push(entry);
    else throw refused(reply, target, entry.key);
  }
  return { restored, busy, lost };
}

function askedAddress(text: string, asked: NodeAddress): NodeAddress {
  // A node that does not know its own address sends clients to where they came from.
  return text.startsWith(':') ? { ...asked, port: Number(text.slice(1)) } : addressFrom(text);
}

function refused(reply: TribError, target: NodeAddress, key: string): TribError {
  const words = replyWordsOf(reply);
  const where = formatAddress(target);
  const name = JSON.stringify(latin1ToUtf8(key));
  if (words.includes('DUMP payload version')) {
    return new TribError('REFUSED', `${where} cannot read the value of ${name}: it is too old.`, {
      hint: 'Data travel from older servers to newer ones only.',
      cause: reply,
      details: reply.details,
    });
  }
  if (words.includes('Bad data format')) {
    return new TribError('REFUSED', `${where} cannot make anything of the value of ${name}.`, {
      hint: 'It may belong to a module that is not loaded there.',
      cause: reply,
      details: reply.details,
    });
  }
  return reply;
}
