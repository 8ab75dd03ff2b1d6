/** Many requests to one server at once, the replies in order: differential tests ask thousands. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { ReplyDecoder } from '../../src/lib/wire/resp/reply-decoder.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import { encodeRequest } from '../../src/lib/wire/resp/request-encoder.js';

export async function ask(
  port: number,
  requests: readonly (readonly string[])[],
): Promise<readonly Reply[]> {
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    socket.write(requests.map(encodeRequest).join(''), 'latin1');
    const decoder = new ReplyDecoder();
    const replies: Reply[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      decoder.push(chunk);
      for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
        replies.push(reply);
      }
      if (replies.length >= requests.length) break;
    }
    return replies;
  } finally {
    socket.destroy();
  }
}

/** `OK`, or the error's text. */
export function textOf(reply: Reply | undefined): string {
  return reply !== undefined && 'text' in reply ? reply.text : JSON.stringify(reply);
}

/** The flat array of CONFIG GET. */
export function pairsOf(reply: Reply | undefined): ReadonlyMap<string, string> {
  const items = reply?.kind === 'array' ? reply.items.map(textOf) : [];
  return new Map(items.flatMap((name, at) => (at % 2 === 0 ? [[name, items[at + 1]!]] : [])));
}
