/** What comes to the bus port that is no bus, and a memory on disk that is none. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { TribError } from '../../src/lib/kernel/errors.js';
import { startNode } from '../../src/lib/node/server/node.js';
import { capturedPackets } from '../wire/bus/packets.js';
import { freePort } from '../support/free-port.js';
import { waitUntil } from '../support/wait.js';
import { PeerPool, expectOk, form, infoOf, lineAbout, settled, type Peer } from './bus-cluster.js';

describe('the bus port and nodes.conf against bad input', function () {
  this.timeout(30_000);
  const pool = new PeerPool();
  const folders: string[] = [];
  const sockets: Socket[] = [];
  const servers: Server[] = [];
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'trib-bus-'));
    folders.push(path);
    return path;
  };
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
    await pool.stop();
    for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
  });

  /** Says it on the bus port. @returns whether the node has hung up */
  function say(peer: Peer, bytes: Buffer): { isClosed: () => boolean; said: () => number } {
    const socket = createConnection({ port: peer.port + 10_000, host: '127.0.0.1' });
    sockets.push(socket);
    let [isClosed, count] = [false, 0];
    socket.on('data', (chunk) => (count += chunk.length));
    socket.on('error', () => undefined);
    socket.on('close', () => (isClosed = true));
    socket.write(bytes);
    return { isClosed: () => isClosed, said: () => count };
  }

  const ping = capturedPackets().get('ping')!;
  const withLength = (length: number): Buffer => {
    const packet = Buffer.from(ping);
    packet.writeUInt32BE(length, 4);
    return packet;
  };

  it('hangs up on whoever does not speak the bus protocol, and goes on', async () => {
    const [node, other] = (await pool.start(['embedded', 'embedded'])) as [Peer, Peer];
    await form([node, other]);
    for (const [what, bytes] of [
      ['RESP', Buffer.from('*1\r\n$4\r\nPING\r\n')],
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['a length of 4 GB', withLength(0xffff_ffff)],
      ['a length below a header', withLength(100)],
    ] as const) {
      const { isClosed } = say(node, bytes);
      await waitUntil(`${what} ends the connection`, isClosed);
    }
    await settled([node, other]);
  });

  it('answers a ping from a stranger, keeps the link over a void packet, and believes neither', async () => {
    const [node, other] = (await pool.start(['embedded', 'embedded'])) as [Peer, Peer];
    await form([node, other]);
    const broken = Buffer.from(ping);
    broken.writeUInt16BE(60_000, 14);
    const half = ping.subarray(0, ping.length - 1);
    const stranger = say(node, Buffer.concat([broken, ping, half]));
    await waitUntil('the whole ping is answered', () => stranger.said() >= 2256);
    expect(stranger.isClosed()).to.equal(false);
    expect(await infoOf(node, 'cluster_known_nodes')).to.equal('2');
    await settled([node, other]);
  });

  it('suspects a peer that accepts and never reads, and does not hang', async () => {
    const [node, other] = (await pool.start(['embedded', 'embedded'], {
      nodeTimeoutMs: 500,
    })) as [Peer, Peer];
    await form([node, other]);
    // The other dies, and something mute takes its bus port.
    await other.kill();
    const mute = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.pause();
    });
    servers.push(mute);
    await new Promise<void>((resolve) => mute.listen(other.port + 10_000, '127.0.0.1', resolve));
    await waitUntil('it is suspected', async () =>
      (await lineAbout(node, other))!.flags.some((flag) => flag.startsWith('fail')),
    );
    const big = 'x'.repeat(1 << 20);
    for (let count = 0; count < 20; count++) await node.ask('PUBLISH', 'channel', big);
    expect(await node.ask('PING')).to.equal('+PONG');
  });

  it('refuses a corrupt nodes.conf and leaves it as it was', async () => {
    const dir = folder();
    const [first] = (await pool.start(['embedded'], { dir })) as [Peer];
    await expectOk(first, 'CLUSTER', 'ADDSLOTSRANGE', '0', '100');
    await first.kill();
    const path = join(dir, 'nodes.conf');
    const text = readFileSync(path, 'utf8');
    for (const damaged of [
      text.replace('myself,master', 'myself,captain'),
      text.replace('0-100', '0-99999'),
      text.slice(0, 60),
      'not a file of ours\n',
      '\0\0\0\0',
    ]) {
      writeFileSync(path, damaged);
      const error = await refusal(startNode({ cluster: true, port: 0, dir }));
      expect(error.code).to.equal('CORRUPT_FILE');
      expect(error.message).to.contain('nodes.conf');
      expect(readFileSync(path, 'utf8')).to.equal(damaged);
    }
    writeFileSync(path, text);
    const again = await pool.embedded({ dir });
    expect(again.id).to.equal(first.id);
  });

  it('does not share a nodes.conf with a node that lives, and takes over from one that died', async () => {
    const dir = folder();
    const [first] = (await pool.start(['embedded'], { dir })) as [Peer];
    const error = await refusal(startNode({ cluster: true, port: 0, dir }));
    expect(error.code).to.equal('BAD_CONFIG');
    expect(error.message).to.contain('in use by another node');
    expect(await first.ask('PING')).to.equal('+PONG');
    await first.kill();
    // As a process that was killed leaves it: the number of nobody.
    writeFileSync(join(dir, 'nodes.conf.lock'), '4194304 1\n');
    expect((await pool.embedded({ dir })).id).to.equal(first.id);
  });

  it('says which port is taken when the bus port is', async () => {
    const port = await freePort();
    const squatter = createServer();
    servers.push(squatter);
    await new Promise<void>((resolve) => squatter.listen(port + 10_000, '127.0.0.1', resolve));
    const error = await refusal(startNode({ cluster: true, port }));
    expect(error.code).to.equal('ADDRESS_IN_USE');
    expect(error.message).to.contain(String(port + 10_000));
  });
});

async function refusal(starting: Promise<{ stop(): Promise<void> }>): Promise<TribError> {
  try {
    await (await starting).stop();
  } catch (error) {
    if (error instanceof TribError) return error;
    throw error;
  }
  throw new Error('the node started');
}
