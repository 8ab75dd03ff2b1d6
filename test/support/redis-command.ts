/** One command to one server over a plain socket: a second opinion that shares no code with the client. */
import { connect } from 'node:net';

/** Answers a status, error, integer or bulk reply as text. A port alone is one of 127.0.0.1. */
export function redisCommand(
  server: number | { readonly host: string; readonly port: number },
  ...words: readonly string[]
): Promise<string> {
  const { host, port } = typeof server === 'number' ? { host: '127.0.0.1', port: server } : server;
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    const bulk = (word: string): string => `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
    socket.write(`*${words.length}\r\n${words.map(bulk).join('')}`);
    let text = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no reply to ${words.join(' ')}`)));
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const reply = complete(text);
      if (reply === undefined) return;
      socket.destroy();
      resolve(reply);
    });
  });
}

function complete(text: string): string | undefined {
  const end = text.indexOf('\r\n');
  if (end < 0) return undefined;
  const line = text.slice(1, end);
  if (!text.startsWith('$')) return line;
  const length = Number(line);
  if (length < 0) return '';
  return text.length >= end + 4 + length ? text.slice(end + 2, end + 2 + length) : undefined;
}
