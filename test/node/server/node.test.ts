import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import {
  type EmbeddedNode,
  type NodeOptions,
  startNode,
} from '../../../src/lib/node/server/node.js';
import { encodeRequest } from '../../../src/lib/wire/resp/request-encoder.js';
import { waitUntil } from '../../support/wait.js';
import { RespClient, show } from '../resp-client.js';

describe('embedded node', () => {
  let node: EmbeddedNode | undefined;
  const clients: RespClient[] = [];

  async function start(options: NodeOptions = {}): Promise<RespClient> {
    node = await startNode({ port: 0, ...options });
    return connect();
  }

  async function connect(): Promise<RespClient> {
    const client = await RespClient.open(node!.port);
    clients.push(client);
    return client;
  }

  const say = async (client: RespClient, ...argv: string[]): Promise<string> =>
    show(await client.call(...argv));

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await node?.stop();
    node = undefined;
  });

  it('answers a pipeline in order, and inline commands between', async () => {
    const client = await start();
    const sent = [
      'SET a 1\r\n',
      encodeRequest(['INCR', 'a']),
      'GET "a"\r\n',
      encodeRequest(['PING']),
    ];
    const replies = Promise.all([
      client.send(sent.join('')),
      client.send(''),
      client.send(''),
      client.send(''),
    ]);
    expect((await replies).map(show)).to.deep.equal(['+OK', ':2', '$"2"', '+PONG']);
  });

  it('carries every byte through keys and values', async () => {
    const client = await start();
    const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    expect(await say(client, 'SET', bytes, bytes)).to.equal('+OK');
    expect(await client.call('GET', bytes)).to.deep.equal({ kind: 'bulk', text: bytes });
  });

  it('takes a value of eight megabytes and gives it back', async () => {
    const client = await start();
    const big = 'x'.repeat(8 * 1024 * 1024);
    expect(await say(client, 'SET', 'big', big)).to.equal('+OK');
    const reply = await client.call('GET', 'big');
    expect(reply.kind === 'bulk' && reply.text === big).to.equal(true);
  });

  it('refuses a string too long to be kept, and holds a long answer in parts', async () => {
    const client = await start();
    expect(show(await client.call('SETRANGE', 'a', '536870911', 'x'))).to.match(
      /^-ERR string exceeds/,
    );
    await client.call('SET', 'a', 'x'.repeat(600_000));
    const reply = await client.call('MGET', ...new Array<string>(5).fill('a'));
    const lengths = reply.kind === 'array' ? reply.items.map((item) => show(item).length) : [];
    expect(lengths).to.deep.equal(new Array(5).fill(600_003));
    expect(show(await client.call('PING'))).to.equal('+PONG');
  });

  it('answers garbage with one protocol error and closes, others stay', async () => {
    const other = await start();
    const client = await connect();
    expect(show(await client.send('*1\r\n+x\r\n'))).to.equal(
      "-ERR Protocol error: expected '$', got '+'",
    );
    await waitUntil('the connection is closed', () => client.isClosed);
    expect(await say(other, 'PING')).to.equal('+PONG');
  });

  it('serves nothing without the password, then everything', async () => {
    const client = await start({ config: { requirepass: 'secret' } });
    expect(await say(client, 'GET', 'a')).to.equal('-NOAUTH Authentication required.');
    expect(await say(client, 'NOSUCH')).to.match(/^-ERR unknown command/);
    expect(await say(client, 'HELLO', '3')).to.match(/^-NOAUTH HELLO must be called/);
    expect(await say(client, 'AUTH', 'wrong')).to.equal(
      '-WRONGPASS invalid username-password pair or user is disabled.',
    );
    expect(await say(client, 'HELLO', '3', 'AUTH', 'default', 'secret')).to.match(
      /^\{\$"server": \$"redis"/,
    );
    expect(await say(client, 'GET', 'a')).to.equal('nil-null');
  });

  it('holds strangers to short requests until they log in', async () => {
    const client = await start({ config: { requirepass: 'secret' } });
    const long = encodeRequest(['SET', 'a', 'x'.repeat(20_000)]);
    expect(await say(client, 'AUTH', 'secret')).to.equal('+OK');
    expect(show(await client.send(long))).to.equal('+OK');
    const stranger = await connect();
    expect(show(await stranger.send(long))).to.equal(
      '-ERR Protocol error: unauthenticated bulk length',
    );
  });

  it('runs a transaction as one, and not at all when a watched key changed', async () => {
    const client = await start();
    const other = await connect();
    await say(client, 'WATCH', 'a');
    await say(client, 'MULTI');
    expect(await say(client, 'SET', 'a', '1')).to.equal('+QUEUED');
    await say(other, 'SET', 'a', '2');
    expect(await say(client, 'EXEC')).to.equal('nil-array');
    await say(client, 'MULTI');
    await say(client, 'INCR', 'a');
    await say(client, 'INCRBY', 'a', 'x');
    expect(await say(client, 'EXEC')).to.equal(
      'array[:3, -ERR value is not an integer or out of range]',
    );
    await say(client, 'MULTI');
    await say(client, 'NOSUCH');
    expect(await say(client, 'EXEC')).to.equal(
      '-EXECABORT Transaction discarded because of previous errors.',
    );
  });

  it('delivers messages to channels, patterns and shard channels, as pushes in RESP3', async () => {
    const client = await start();
    const listener = await connect();
    expect(await say(listener, 'SUBSCRIBE', 'news')).to.equal('array[$"subscribe", $"news", :1]');
    expect(await say(listener, 'GET', 'a')).to.match(/^-ERR Can't execute 'get': only/);
    expect(await say(listener, 'PING')).to.equal('array[$"pong", $""]');
    const modern = await connect();
    await say(modern, 'HELLO', '3');
    modern.socket.write(encodeRequest(['PSUBSCRIBE', 'n*']));
    await waitUntil('the pattern is confirmed', () => modern.unasked.length === 1);
    expect(await say(client, 'PUBLISH', 'news', 'hello')).to.equal(':2');
    await waitUntil(
      'both have the message',
      () => listener.unasked.length === 1 && modern.unasked.length === 2,
    );
    expect(show(listener.unasked[0]!)).to.equal('array[$"message", $"news", $"hello"]');
    expect(show(modern.unasked[1]!)).to.equal('push[$"pmessage", $"n*", $"news", $"hello"]');
    expect(await say(client, 'PUBSUB', 'NUMSUB', 'news')).to.equal('array[$"news", :1]');
  });

  it('CLIENT PAUSE WRITE holds writes back and lets reads pass; UNPAUSE releases them in order', async () => {
    const client = await start();
    const writer = await connect();
    await say(client, 'CLIENT', 'PAUSE', '60000', 'WRITE');
    const answers: string[] = [];
    void writer.call('SET', 'a', '1').then((reply) => answers.push(show(reply)));
    void writer.call('GET', 'a').then((reply) => answers.push(show(reply)));
    expect(await say(client, 'GET', 'a')).to.equal('nil-bulk');
    expect(answers).to.deep.equal([]);
    await say(client, 'CLIENT', 'UNPAUSE');
    await waitUntil('both were answered', () => answers.length === 2);
    expect(answers).to.deep.equal(['+OK', '$"1"']);
  });

  it('CLIENT REPLY OFF and SKIP leave commands unanswered but done', async () => {
    const client = await start();
    const sent = [
      ['PING'],
      ['CLIENT', 'REPLY', 'OFF'],
      ['SET', 'a', '1'],
      ['NOSUCH'],
      ['CLIENT', 'REPLY', 'ON'],
      ['CLIENT', 'REPLY', 'SKIP'],
      ['INCR', 'a'],
      ['CLIENT', 'REPLY', 'SKIP'],
      ['NOSUCH'],
      ['GET', 'a'],
    ];
    const replies = Promise.all([
      client.send(sent.map(encodeRequest).join('')),
      client.send(''),
      client.send(''),
    ]);
    expect((await replies).map(show)).to.deep.equal(['+PONG', '+OK', '$"2"']);
  });

  it('hangs up on a request that grows past client-query-buffer-limit', async () => {
    const client = await start({ config: { 'client-query-buffer-limit': '1mb' } });
    expect(await say(client, 'SET', 'a', 'x'.repeat(900_000))).to.equal('+OK');
    const endless = `*2\r\n$3\r\nGET\r\n$9000000\r\n${'x'.repeat(2_000_000)}`;
    client.send(endless).catch(() => undefined);
    await waitUntil('the connection is closed', () => client.isClosed);
  });

  it('tells the version of the package it comes from', async () => {
    const manifest = JSON.parse(await readFile('package.json', 'utf8'));
    const client = await start();
    expect(await say(client, 'INFO', 'server')).to.contain(`trib_version:${manifest.version}`);
  });

  it('turns clients away past maxclients, and says so', async () => {
    await start({ config: { maxclients: '1' } });
    const second = await connect();
    await waitUntil('it was told', () => second.unasked.length === 1);
    expect(show(second.unasked[0]!)).to.equal('-ERR max number of clients reached');
  });

  it('CLIENT KILL ends others, and the killer after its answer', async () => {
    const client = await start();
    const victim = await connect();
    const id = (await say(victim, 'CLIENT', 'ID')).slice(1);
    expect(await say(client, 'CLIENT', 'KILL', 'ID', id)).to.equal(':1');
    await waitUntil('the victim is gone', () => victim.isClosed);
    expect(await say(client, 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no')).to.equal(':1');
    await waitUntil('the killer is gone', () => client.isClosed);
  });

  it('deletes expired keys without being asked', async () => {
    const client = await start();
    await say(client, 'SET', 'a', '1', 'PX', '1');
    await waitUntil('the key is gone', async () => (await say(client, 'DBSIZE')) === ':0');
  });

  it('does not keep running commands for a client that takes no answers', async () => {
    const client = await start();
    await say(client, 'SET', 'big', 'x'.repeat(1024 * 1024));
    const deaf = await connect();
    deaf.socket.pause();
    const asked = 400;
    deaf.socket.write(encodeRequest(['GET', 'big']).repeat(asked));
    const processed = (): number => node!.wings.stats.commands.get('get')?.calls ?? 0;
    await waitUntil('the node waits for it', async () => {
      const before = processed();
      await say(client, 'PING');
      return before > 0 && before === processed();
    });
    expect(processed()).to.be.below(asked);
  });

  it('names the address when its port is taken', async () => {
    await start();
    const error = await startNode({ port: node!.port }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'ADDRESS_IN_USE' });
  });

  it('many nodes in one process do not see each other', async () => {
    const nodes = await Promise.all(Array.from({ length: 5 }, () => startNode({ port: 0 })));
    try {
      const replies = await Promise.all(
        nodes.map(async ({ port }, at) => {
          const client = await RespClient.open(port);
          clients.push(client);
          await client.call('SET', 'me', String(at));
          return say(client, 'GET', 'me');
        }),
      );
      expect(replies).to.deep.equal(['$"0"', '$"1"', '$"2"', '$"3"', '$"4"']);
      expect(new Set(nodes.map(({ runId }) => runId)).size).to.equal(5);
    } finally {
      await Promise.all(nodes.map((one) => one.stop()));
    }
  });
});
