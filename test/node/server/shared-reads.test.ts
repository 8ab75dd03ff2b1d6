import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { SharedReads } from '../../../src/lib/node/server/shared-reads.js';
import { waitUntil } from '../../support/wait.js';

describe('shared reads', () => {
  let server: Server;
  let accepted: Socket | undefined;
  let client: Socket;
  let reads: SharedReads;

  beforeEach(async () => {
    reads = new SharedReads();
    server = createServer((socket) => (accepted = reads.adopt(socket)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    client = connect(typeof address === 'object' ? address!.port : 0, '127.0.0.1');
    await waitUntil('the connection arrives', () => accepted !== undefined);
  });

  afterEach(() => {
    client.destroy();
    accepted?.destroy();
    accepted = undefined;
    server.close();
  });

  it('moves the connection into a socket that reads into one buffer', async () => {
    const buffers = new Set<Buffer>();
    let text = '';
    reads.listen(accepted!, (buffer, bytes) => {
      buffers.add(buffer);
      text += buffer.latin1Slice(0, bytes);
    });
    for (const word of ['one', 'two', 'three']) {
      client.write(word);
      await waitUntil(`${word} arrives`, () => text.endsWith(word));
    }
    expect(text).to.equal('onetwothree');
    expect(buffers.size).to.equal(1);
  });

  it('loses nothing that comes before anybody listens', async () => {
    client.write('early');
    client.end();
    await once(client, 'finish');
    await new Promise((resolve) => setImmediate(resolve));
    let text = '';
    reads.listen(accepted!, (buffer, bytes) => (text += buffer.latin1Slice(0, bytes)));
    await once(accepted!, 'end');
    expect(text).to.equal('early');
  });

  it('answers, and the server is closed when the connection is', async () => {
    reads.listen(accepted!, () => accepted!.end('bye'));
    let isClosed = false;
    server.close(() => (isClosed = true));
    client.write('hello');
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).to.equal('bye');
    await waitUntil('the server closes', () => isClosed);
  });

  it('the server is not closed before', async () => {
    let isClosed = false;
    server.close(() => (isClosed = true));
    reads.listen(accepted!, () => accepted!.destroy());
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).to.equal(false);
    client.write('x');
    await waitUntil('the server closes', () => isClosed);
  });
});
