/** Clients that come while a node still reads its data from disk. */
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RdbWriter } from '../../src/lib/wire/rdb/writer.js';
import { encodeRequest } from '../../src/lib/wire/resp/request-encoder.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, startRealServer } from '../support/real-server.js';
import { Disk } from './persist-support.js';

const KEYS = 150_000;

/** A file that takes a while to read: several dozen turns here. */
function writeRdb(path: string, keys: number): void {
  const chunks: Buffer[] = [];
  const writer = new RdbWriter({ emit: (chunk) => chunks.push(chunk), checksum: true });
  writer.header([['used-mem', '12345']]);
  writer.selectDb(0, keys, 0);
  for (let at = 0; at < keys; at++) writer.string(`key:${at}`, `value:${at}`, undefined);
  writer.end();
  writeFileSync(path, Buffer.concat(chunks));
}

function writeAof(disk: Disk, keys: number): void {
  const commands = Array.from({ length: keys }, (_, at) =>
    encodeRequest(['SET', `key:${at}`, 'v']),
  );
  writeFileSync(disk.path('appendonly.aof'), commands.join(''), 'latin1');
}

/** What several commands are answered at that moment. */
async function answers(client: RespClient): Promise<Record<string, string>> {
  const asked: readonly (readonly string[])[] = [
    ['GET', 'key:1'],
    ['PING'],
    ['SAVE'],
    ['LASTSAVE'],
    ['CONFIG', 'GET', 'port'],
    ['MULTI'],
    ['SET', 'a', '1'],
    ['EXEC'],
    ['DBSIZE'],
    ['TIME'],
  ];
  const replies = await Promise.all(asked.map((argv) => client.call(...argv)));
  return Object.fromEntries(
    asked.map(([name], at) => {
      const reply = replies[at]!;
      return [name!, reply.kind === 'error' ? show(reply) : reply.kind];
    }),
  );
}

async function infoNames(client: RespClient): Promise<string[]> {
  const reply = await client.call('INFO', 'persistence');
  const text = reply.kind === 'bulk' || reply.kind === 'verbatim' ? reply.text : '';
  expect(text).to.match(/^loading:1\r$/m);
  return text.split('\r\n').map((line) => line.split(':')[0]!);
}

describe('a node that loads', () => {
  let disk: Disk;
  let node: EmbeddedNode | undefined;
  const clients: RespClient[] = [];

  beforeEach(() => (disk = new Disk()));
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await node?.kill();
    node = undefined;
    await disk.clear();
  });

  /** Starts, and talks to it in the middle. */
  async function during<T>(
    config: Readonly<Record<string, string>>,
    talk: (client: RespClient) => Promise<T>,
  ): Promise<T> {
    let talked: Promise<T> | undefined;
    node = await startNode({
      port: 0,
      dir: disk.dir,
      config,
      onListening: ({ port }) => {
        talked = RespClient.open(port).then((client) => {
          clients.push(client);
          return talk(client);
        });
      },
    });
    return talked!;
  }

  it('tells clients to wait, and answers what a real server answers meanwhile', async function () {
    if (!hasRedisServer()) this.skip();
    writeRdb(disk.path('dump.rdb'), KEYS);
    const ours = await during({}, async (client) => {
      return { names: await infoNames(client), answers: await answers(client) };
    });
    expect(ours.answers['GET']).to.equal('-LOADING Redis is loading the dataset in memory');
    expect(node!.wings.data.keyCount()).to.equal(KEYS);
    writeRdb(disk.path('dump.rdb'), 3000);
    // Slow on purpose: a millisecond a key, and a look at its clients every KB.
    const real = await startRealServer({
      cluster: false,
      dir: disk.dir,
      config: { 'key-load-delay': '1000', 'loading-process-events-interval-bytes': '1024' },
    });
    try {
      const client = await RespClient.open(real.port);
      clients.push(client);
      const theirs = { names: await infoNames(client), answers: await answers(client) };
      expect(ours).to.deep.equal(theirs);
    } finally {
      await real.stop();
    }
  });

  it('reads an append-only file the same way', async () => {
    writeAof(disk, KEYS);
    const said = await during({ appendonly: 'yes' }, answers);
    expect(said['GET']).to.equal('-LOADING Redis is loading the dataset in memory');
    expect(node!.wings.data.keyCount()).to.equal(KEYS);
  });

  it('ends at once when it is told to, and its file stays', async () => {
    writeRdb(disk.path('dump.rdb'), KEYS);
    await during({ save: '3600 1' }, (client) => client.call('SHUTDOWN').catch(() => undefined));
    await node!.ended;
    expect(node!.failure).to.equal(undefined);
    node = await startNode({ port: 0, dir: disk.dir });
    expect(node.wings.data.keyCount()).to.equal(KEYS);
  });
});
