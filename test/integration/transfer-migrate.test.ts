/**
 * MIGRATE between redis-server and an embedded node, both ways. Each case runs with the embedded node as
 * the source and with the real one, and both must do and say the same.
 */
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';

const BINARY_KEYS: readonly string[] = [
  'plain',
  '',
  '\x00',
  'a\x00b',
  'line\r\nbreak',
  '"double" \'single\' \\x41',
  '\xff\xfe\xc3\x28',
  '{tag}with space',
  '$5\r\nhello\r\n',
];

interface Side {
  readonly port: number;
  readonly client: RespClient;
}

for (const [sourceName, targetName] of [
  ['an embedded node', 'redis-server'],
  ['redis-server', 'an embedded node'],
]) {
  describe(`MIGRATE from ${sourceName!} to ${targetName!}`, function () {
    this.timeout(30_000);
    let server: RealServer | undefined;
    let node: EmbeddedNode | undefined;
    let source: Side;
    let target: Side;

    before(async function () {
      if (!hasRedisServer()) this.skip();
      server = await startRealServer({ cluster: false });
      node = await startNode({ port: 0, config: { 'enable-debug-command': 'local' } });
    });

    beforeEach(async () => {
      const theirs = { port: server!.port, client: await RespClient.open(server!.port) };
      const ours = { port: node!.port, client: await RespClient.open(node!.port) };
      [source, target] = sourceName === 'redis-server' ? [theirs, ours] : [ours, theirs];
      for (const { client } of [source, target]) await client.call('FLUSHALL');
    });

    afterEach(async () => {
      if (server === undefined) return;
      await target.client.call('CONFIG', 'SET', 'requirepass', '');
      source.client.close();
      target.client.close();
    });

    after(async () => {
      // The server first: it keeps its connection to the node open, which a stopping node waits for.
      await server?.stop();
      await node?.stop();
    });

    const migrate = async (key: string, ...rest: string[]): Promise<string> =>
      show(
        await source.client.call('MIGRATE', '127.0.0.1', String(target.port), key, '0', ...rest),
      );

    const on = async ({ client }: Side, ...argv: string[]): Promise<string> =>
      show(await client.call(...argv));

    /** Those made before a password was set stay trusted, and sources keep them for a while. */
    const endKeptConnections = (): Promise<unknown> =>
      target.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');

    async function fill(): Promise<void> {
      for (const [at, key] of BINARY_KEYS.entries()) {
        await source.client.call('SET', key, `value ${key} ${'z'.repeat(at * 50)}`);
      }
    }

    it('moves keys of any bytes with their values, and leaves none', async () => {
      await fill();
      await source.client.call('SET', 'number', '12345');
      const before = await on(source, 'DEBUG', 'DIGEST');
      expect(await migrate('', '5000', 'KEYS', ...BINARY_KEYS, 'number', 'missing')).to.equal(
        '+OK',
      );
      expect(await on(target, 'DEBUG', 'DIGEST')).to.equal(before);
      expect(await on(source, 'DBSIZE')).to.equal(':0');
    });

    it('moves one key in the single form', async () => {
      await source.client.call('SET', 'one', '1');
      expect(await migrate('one', '5000')).to.equal('+OK');
      expect(await on(target, 'GET', 'one')).to.equal('$"1"');
      expect(await on(source, 'EXISTS', 'one')).to.equal(':0');
    });

    it('keeps expiry times', async () => {
      await source.client.call('SET', 'brief', 'v', 'PX', '100000');
      await source.client.call('SET', 'lasting', 'v');
      await migrate('', '5000', 'KEYS', 'brief', 'lasting');
      const ttl = await target.client.call('PTTL', 'brief');
      expect(ttl.kind === 'integer' && ttl.value).to.be.within(1, 100_000);
      expect(await on(target, 'PTTL', 'lasting')).to.equal(':-1');
    });

    it('COPY leaves the source as it was; a second one needs REPLACE', async () => {
      await fill();
      const before = await on(source, 'DEBUG', 'DIGEST');
      expect(await migrate('', '5000', 'COPY', 'KEYS', ...BINARY_KEYS)).to.equal('+OK');
      expect(await on(source, 'DEBUG', 'DIGEST')).to.equal(before);
      expect(await migrate('plain', '5000', 'COPY')).to.equal(
        '-ERR Target instance replied with error: BUSYKEY Target key name already exists.',
      );
      await target.client.call('SET', 'plain', 'other');
      expect(await migrate('plain', '5000', 'COPY', 'REPLACE')).to.equal('+OK');
      expect(await on(target, 'DEBUG', 'DIGEST')).to.equal(before);
    });

    it('BUSYKEY keeps its key here; the others go', async () => {
      await source.client.call('MSET', 'a', '1', 'b', '2', 'c', '3');
      await target.client.call('SET', 'b', 'theirs');
      expect(await migrate('', '5000', 'KEYS', 'a', 'b', 'c')).to.contain('BUSYKEY');
      expect(await on(source, 'KEYS', '*')).to.equal('array[$"b"]');
      expect(await on(target, 'MGET', 'a', 'b', 'c')).to.equal('array[$"1", $"theirs", $"3"]');
      expect(await migrate('b', '5000', 'REPLACE')).to.equal('+OK');
      expect(await on(target, 'GET', 'b')).to.equal('$"2"');
    });

    it('logs in with AUTH and AUTH2, and moves nothing without or with a wrong password', async () => {
      await source.client.call('MSET', 'a', '1', 'b', '2', 'c', '3');
      await target.client.call('CONFIG', 'SET', 'requirepass', 'se cret');
      await target.client.call('AUTH', 'se cret');
      await endKeptConnections();
      expect(await migrate('a', '5000', 'AUTH', 'wrong')).to.equal(
        '-ERR Target instance replied with error: WRONGPASS invalid username-password pair or user is disabled.',
      );
      expect(await migrate('a', '5000', 'AUTH2', 'nobody', 'se cret')).to.contain('WRONGPASS');
      expect(await on(source, 'DBSIZE')).to.equal(':3');
      expect(await migrate('a', '5000', 'AUTH', 'se cret')).to.equal('+OK');
      expect(await migrate('', '5000', 'AUTH2', 'default', 'se cret', 'KEYS', 'b')).to.equal('+OK');
      expect(await on(target, 'MGET', 'a', 'b')).to.equal('array[$"1", $"2"]');
    });

    it('says NOAUTH when no password was given', async () => {
      await source.client.call('SET', 'a', '1');
      await target.client.call('CONFIG', 'SET', 'requirepass', 'x');
      await target.client.call('AUTH', 'x');
      await endKeptConnections();
      expect(await migrate('a', '5000')).to.equal(
        '-ERR Target instance replied with error: NOAUTH Authentication required.',
      );
      expect(await on(source, 'GET', 'a')).to.equal('$"1"');
    });

    const REFUSED: readonly (readonly [what: string, words: readonly string[], says: string])[] = [
      ['no such key', ['none', '0', '100'], '+NOKEY'],
      ['no keys at all', ['', '0', '100', 'KEYS'], '+NOKEY'],
      [
        'a key beside KEYS',
        ['a', '0', '100', 'KEYS', 'a'],
        '-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string',
      ],
      ['a wrong timeout', ['a', '0', 'x'], '-ERR value is not an integer or out of range'],
      ['a wrong database', ['a', 'x', '100'], '-ERR value is not an integer or out of range'],
      [
        'a database beyond the last',
        ['a', '99', '100'],
        '-ERR Target instance replied with error: ERR DB index is out of range',
      ],
      ['a word too much', ['a', '0', '100', 'bogus'], '-ERR syntax error'],
      ['AUTH without its word', ['a', '0', '100', 'AUTH'], '-ERR syntax error'],
      ['AUTH2 without a password', ['a', '0', '100', 'AUTH2', 'u'], '-ERR syntax error'],
    ];
    for (const [what, words, says] of REFUSED) {
      it(`answers ${says.slice(0, 40)} to ${what}`, async () => {
        await source.client.call('SET', 'a', '1');
        expect(await on(source, 'MIGRATE', '127.0.0.1', String(target.port), ...words)).to.equal(
          says,
        );
        expect(await on(source, 'GET', 'a')).to.equal('$"1"');
      });
    }

    it('says IOERR when nobody listens, or where no address is', async () => {
      await source.client.call('SET', 'a', '1');
      const nobody = String(await freePort());
      for (const [host, port, says] of [
        ['127.0.0.1', nobody, '-IOERR error or timeout writing to target instance'],
        ['127.0.0.1', 'abc', '-IOERR error or timeout writing to target instance'],
        ['no.such.host.invalid', '1', '-IOERR error or timeout connecting to the client'],
      ]) {
        expect(await on(source, 'MIGRATE', host!, port!, 'a', '0', '2000'), host).to.equal(says);
      }
      expect(await on(source, 'GET', 'a')).to.equal('$"1"');
    });
  });
}

describe('MIGRATE from an embedded node to a stopped redis-server', function () {
  this.timeout(30_000);
  let server: RealServer | undefined;
  let node: EmbeddedNode | undefined;
  const clients: RespClient[] = [];

  before(async function () {
    if (!hasRedisServer()) this.skip();
    server = await startRealServer({ cluster: false });
    node = await startNode({ port: 0 });
  });

  after(async () => {
    for (const client of clients) client.close();
    await node?.stop();
    await server?.stop();
  });

  const connect = async (port: number): Promise<RespClient> => {
    const client = await RespClient.open(port);
    clients.push(client);
    return client;
  };

  it('ends in IOERR after the timeout, with the key still here and usable', async () => {
    const [mover, other] = [await connect(node!.port), await connect(node!.port)];
    await mover.call('MSET', 'a', '1', 'b', '2');
    server!.signal('SIGSTOP');
    const moved = mover.call('MIGRATE', '127.0.0.1', String(server!.port), 'a', '0', '300');
    const read = other.call('GET', 'a');
    expect(show(await (await connect(node!.port)).call('GET', 'b'))).to.equal('$"2"');
    expect(show(await moved)).to.equal('-IOERR error or timeout reading to target instance');
    expect(show(await read)).to.equal('$"1"');
    server!.signal('SIGCONT');
    const target = await connect(server!.port);
    await target.call('PING');
  });

  it('moves the key afterwards, over what the first attempt may have left there', async () => {
    const mover = await connect(node!.port);
    const words = ['127.0.0.1', String(server!.port), 'a', '0', '5000', 'REPLACE'];
    expect(show(await mover.call('MIGRATE', ...words))).to.equal('+OK');
    const target = await connect(server!.port);
    expect(show(await target.call('GET', 'a'))).to.equal('$"1"');
    expect(show(await mover.call('EXISTS', 'a'))).to.equal(':0');
  });
});
