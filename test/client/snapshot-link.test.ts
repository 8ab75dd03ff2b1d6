/** Snapshots over the wire: both forms, in any chunks, and servers that stall, break off or refuse. */
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { SnapshotLinks } from '../../src/lib/client/snapshot-link.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import { SyncFramer } from '../../src/lib/wire/sync-framer.js';

const HISTORY = 'a'.repeat(40);
const MARK = 'm'.repeat(40);

/** A server that answers each command in a line, and PSYNC with these bytes. */
async function serverThat(answers: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      if (chunk.toString().includes('PSYNC')) answers(socket);
      else
        socket.write(chunk.toString().includes('rdb-only') ? '-ERR Unrecognized\r\n' : '+OK\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('snapshot links', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function snapshotOf(answers: (socket: Socket) => void, idleMs = 5_000): Promise<string> {
    const server = await serverThat(answers);
    servers.push(server);
    const { port } = server.address() as { readonly port: number };
    const links = new SnapshotLinks({ password: 'secret' });
    const snapshot = await links.take({ host: '127.0.0.1', port }, { idleMs });
    expect(snapshot.origin).to.deep.equal({ replicationId: HISTORY, offset: 7 });
    let text = '';
    for await (const chunk of snapshot.chunks) text += chunk.toString('latin1');
    return text;
  }

  const whole = `+FULLRESYNC ${HISTORY} 7\r\n`;

  it('reads a snapshot of known length, and one up to its mark', async () => {
    const data = `REDIS\n\r\n$5\r\n${'m'.repeat(30)}\xff\0`;
    const counted = await snapshotOf((socket) => {
      socket.write(`${whole}\n\n$${data.length}\r\n${data}`, 'latin1');
    });
    expect(counted).to.equal(data);
    const marked = await snapshotOf((socket) => {
      socket.write(`${whole}\n$EOF:${MARK}\r\n${data}${MARK}`, 'latin1');
    });
    expect(marked).to.equal(data);
  });

  it('takes its bytes in any chunks', () => {
    const data = `some ${'m'.repeat(39)} data`;
    for (const text of [
      `\n$EOF:${MARK}\r\n${data}${MARK}`,
      `\n$${data.length}\r\n${data}and a stream behind it`,
      `$0\r\n`,
    ]) {
      for (let size = 1; size <= text.length; size++) {
        const framer = new SyncFramer();
        let found = '';
        for (let at = 0; at < text.length; at += size) {
          for (const piece of framer.push(Buffer.from(text.slice(at, at + size), 'latin1'))) {
            found += piece.kind === 'data' ? piece.bytes.toString('latin1') : `<${piece.kind}>`;
          }
        }
        expect(found, `chunks of ${size}`).to.equal(text === '$0\r\n' ? '<end>' : `${data}<end>`);
      }
    }
  });

  const failing = async (promise: Promise<unknown>): Promise<TribError> => {
    try {
      await promise;
    } catch (error) {
      return error as TribError;
    }
    throw new Error('it was taken for a snapshot');
  };

  it('gives up a server that falls silent in the middle, by name', async () => {
    const error = await failing(
      snapshotOf((socket) => void socket.write(`${whole}$100\r\nhalf`), 100),
    );
    expect(error.code).to.equal('NO_ANSWER');
    expect(error.message).to.match(/^127\.0\.0\.1:\d+ did not answer PSYNC within 100 ms/);
  });

  it('does not take half a snapshot for a whole one', async () => {
    for (const head of [`$100\r\n`, `$EOF:${MARK}\r\n`]) {
      const error = await failing(snapshotOf((socket) => socket.end(`${whole}${head}half`)));
      expect(error.code).to.equal('NODE_UNREACHABLE');
    }
  });

  it('tells in its words why a server refuses', async () => {
    const words = "NOMASTERLINK Can't SYNC while not connected with my master";
    const error = await failing(snapshotOf((socket) => socket.write(`-${words}\r\n`)));
    expect(error.code).to.equal('REPLY_ERROR');
    expect(error.message).to.include(words);
  });
});
