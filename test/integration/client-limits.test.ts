/** Clients that do not read, or do not come to an end: the same limits close them here and at redis-server. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { expect } from 'chai';
import { encodeRequest } from '../../src/lib/wire/resp/request-encoder.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { type Make, type Server, Servers, text } from './repl-support.js';

const MB = 1024 * 1024;
/** More than the system takes in for a reader that sleeps. */
const FLOOD_BYTES = 30 * MB;

describe('limits of clients', function () {
  this.timeout(30_000);
  const servers = new Servers();
  const sockets: Socket[] = [];
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await servers.stop();
  });

  const start = (make: Make, limit: string): Promise<Server> =>
    servers.start(make, {
      'client-output-buffer-limit': limit,
      'repl-backlog-size': '1mb',
      'repl-diskless-sync-delay': '0',
    });

  /** Asks, and reads nothing of what comes. */
  async function sleeper(server: Server, ...requests: string[][]): Promise<Socket> {
    const socket = createConnection({ port: server.port, host: '127.0.0.1' });
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.pause();
    await once(socket, 'connect');
    for (const argv of requests) socket.write(encodeRequest(argv), 'latin1');
    return socket;
  }

  /** Of the connections of this server, how many are of a type. */
  async function count(server: Server, type: string): Promise<number> {
    const list = await text(server, 'CLIENT', 'LIST', 'TYPE', type);
    return list.split('\n').filter((line) => line.includes('addr=')).length;
  }

  const gone = (server: Server, type: string, left: number): Promise<void> =>
    waitUntil(`${left} ${type} clients are left`, async () => (await count(server, type)) === left);

  async function publish(server: Server, bytes: number): Promise<void> {
    for (let sent = 0; sent < bytes; sent += MB) {
      await server.client.call('PUBLISH', 'news', 'x'.repeat(MB));
    }
  }

  for (const make of ['real', 'embedded'] as const) {
    describe(`at a ${make} server`, () => {
      it('a subscriber above the hard limit is closed, with a line in the log', async () => {
        const server = await start(make, 'pubsub 8mb 0 0');
        await sleeper(server, ['SUBSCRIBE', 'news']);
        await gone(server, 'pubsub', 1);
        await publish(server, FLOOD_BYTES);
        await gone(server, 'pubsub', 0);
        if (server.node === undefined) return;
        expect(server.log.join('\n')).to.match(
          /warning: Closing the client id=\d+ addr=127.0.0.1:\d+ cmd=subscribe: it leaves \d+ bytes unread, more than the output buffer limit of pubsub clients/,
        );
      });

      it('a subscriber may be above the soft limit for so long, and no longer', async () => {
        const server = await start(make, 'pubsub 0 1mb 1');
        const slow = await sleeper(server, ['SUBSCRIBE', 'news']);
        const slept = await sleeper(server, ['SUBSCRIBE', 'news']);
        await gone(server, 'pubsub', 2);
        await publish(server, FLOOD_BYTES);
        // It wakes up in time and takes everything.
        slept.resume();
        await gone(server, 'pubsub', 1);
        expect(slow.destroyed).to.equal(false);
        await server.client.call('PUBLISH', 'news', 'y');
        let last = '';
        slept.on('data', (chunk: Buffer) => (last = chunk.toString('latin1')));
        await server.client.call('PUBLISH', 'news', 'the end');
        await waitUntil('it still hears', () => last.includes('the end'));
        if (server.node === undefined) return;
        expect(server.log.join('\n')).to.match(/output buffer limit of pubsub clients, for 1 sec/);
      });

      it('a normal client has limits when it is given some, hard and soft', async () => {
        const server = await start(make, 'normal 8mb 0 0');
        await server.client.call('SET', 'big', 'x'.repeat(FLOOD_BYTES));
        await sleeper(server, ['CLIENT', 'SETNAME', 'slow'], ['GET', 'big']);
        await gone(server, 'normal', 1);
        await server.client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 0 1mb 1');
        await sleeper(server, ['GET', 'big']);
        await gone(server, 'normal', 2);
        await gone(server, 'normal', 1);
        await server.client.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 0 0 0');
        await sleeper(server, ['GET', 'big'], ['GET', 'big'], ['GET', 'big']);
        await gone(server, 'normal', 2);
        await server.client.call('PING');
        expect(await count(server, 'normal')).to.equal(2);
      });

      for (const [kind, limit] of [
        ['hard', 'replica 8mb 0 0'],
        ['soft', 'replica 0 1mb 1'],
      ] as const) {
        it(`a replica above the ${kind} limit is closed`, async () => {
          const server = await start(make, limit);
          const replica = await sleeper(server, ['SYNC']);
          await gone(server, 'replica', 1);
          let seen = '';
          replica.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')));
          replica.resume();
          await server.client.call('SET', 'first', '1');
          await waitUntil('the stream has begun', () => seen.includes('first'));
          replica.pause();
          for (let sent = 0; sent < FLOOD_BYTES; sent += MB) {
            await server.client.call('SET', 'key', 'x'.repeat(MB));
          }
          await gone(server, 'replica', 0);
        });
      }

      it('a request without an end is bounded by client-query-buffer-limit', async () => {
        const server = await start(make, 'normal 0 0 0');
        await server.client.call('CONFIG', 'SET', 'client-query-buffer-limit', '1mb');
        const socket = await sleeper(server);
        socket.write(`*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${10 * MB}\r\n`);
        socket.write('x'.repeat(5 * MB));
        await gone(server, 'normal', 1);
        expect(await text(server, 'EXISTS', 'a')).to.equal(':0');
        if (server.node === undefined) return;
        expect(server.log.join('\n')).to.match(/Closing the client .*client-query-buffer-limit/);
      });
    });
  }
});
