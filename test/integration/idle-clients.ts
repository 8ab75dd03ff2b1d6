/**
 * A process of many idle clients, for tests: connects as many as it is told, says so, and has a few of them
 * ask for a PONG for each line on its standard input. Arguments: port, count.
 */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** The accept queue is 511 long. */
const WAVE = 250;
const ASKED = 100;

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const sockets: Socket[] = [];
while (sockets.length < count) {
  const wave = Array.from({ length: Math.min(WAVE, count - sockets.length) }, () =>
    createConnection({ port, host: '127.0.0.1' }),
  );
  await Promise.all(wave.map((socket) => once(socket, 'connect')));
  sockets.push(...wave);
}
process.stdout.write(`connected ${sockets.length}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  const step = Math.max(1, Math.floor(count / ASKED));
  const asked = sockets.filter((_socket, at) => at % step === 0).slice(0, ASKED);
  const answers = await Promise.all(
    asked.map(async (socket) => {
      socket.write('PING\r\n');
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      return chunk.toString();
    }),
  );
  process.stdout.write(`answered ${answers.filter((text) => text === '+PONG\r\n').length}\n`);
}
for (const socket of sockets) socket.destroy();
