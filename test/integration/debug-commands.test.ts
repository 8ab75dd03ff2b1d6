/** DEBUG as test suites use it, beside redis-server. */
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';

describe('DEBUG', function () {
  let server: RealServer | undefined;
  let node: EmbeddedNode | undefined;
  const clients: RespClient[] = [];

  before(async function () {
    if (!hasRedisServer()) this.skip();
    server = await startRealServer({ cluster: false });
    node = await startNode({ port: 0, config: { 'enable-debug-command': 'local' } });
    clients.push(await RespClient.open(server.port), await RespClient.open(node.port));
  });

  after(async () => {
    for (const client of clients) client.close();
    await node?.stop();
    await server?.stop();
  });

  beforeEach(async () => {
    for (const client of clients) await client.call('FLUSHALL');
  });

  /** The same to both; what may rightly differ is taken out. */
  async function compare(...argv: string[]): Promise<string> {
    const [theirs, mine] = await Promise.all(
      clients.map(async (client) =>
        show(await client.call(...argv))
          .replace(/at:0x[0-9a-f]+/, 'at:0x')
          .replace(/ lru:\d+/, ' lru:N')
          .replace(/ ql_nodes.*/, ''),
      ),
    );
    expect(mine, argv.join(' ')).to.equal(theirs);
    return mine!;
  }

  it('OBJECT tells encoding, references, idle time and length of what files hold alike', async () => {
    await compare('SET', 'text', 'hello');
    await compare('SET', 'small', '5');
    await compare('SET', 'integer', '-70000');
    await compare('SET', 'large', '123456789012');
    await compare('SADD', 'set', 'a', 'b');
    expect(await compare('DEBUG', 'OBJECT', 'text')).to.match(
      /^\+Value at:0x refcount:1 encoding:embstr serializedlength:6 lru:N lru_seconds_idle:0$/,
    );
    for (const key of ['small', 'integer', 'large', 'set', 'none']) {
      await compare('DEBUG', 'OBJECT', key);
    }
    await compare('DEBUG', 'OBJECT');
    await compare('DEBUG', 'OBJECT', 'a', 'b');
  });

  it('LISTPACK tells which values are in one', async () => {
    await compare('HSET', 'hash', 'f', 'v');
    await compare('HSET', 'large', 'f', 'x'.repeat(65));
    await compare('ZADD', 'zset', '1', 'a');
    await compare('SADD', 'set', 'a');
    for (const key of ['hash', 'large', 'zset', 'set', 'none']) {
      await compare('DEBUG', 'LISTPACK', key);
    }
  });

  it('POPULATE makes the same keys, leaves those that are there, and refuses nonsense', async () => {
    await compare('SET', 'key:1', 'mine');
    await compare('DEBUG', 'POPULATE', '4');
    await compare('MGET', 'key:0', 'key:1', 'key:3', 'key:4');
    await compare('DEBUG', 'POPULATE', '3', 'wide', '12');
    await compare('DEBUG', 'POPULATE', '3', 'narrow', '3');
    await compare('MGET', 'wide:0', 'wide:2', 'narrow:0');
    await compare('DBSIZE');
    for (const words of [
      ['x'],
      ['-1'],
      ['1', 'p', 'x'],
      ['1', 'p', '-1'],
      [],
      ['1', 'p', '1', '1'],
    ]) {
      await compare('DEBUG', 'POPULATE', ...words);
    }
    await compare('DEBUG', 'DIGEST');
  });

  it('ERROR answers with the error, and other words are refused', async () => {
    await compare('DEBUG', 'ERROR', 'LOADING not ready');
    await compare('DEBUG', 'QUICKLIST-PACKED-THRESHOLD', '100b');
    await compare('DEBUG', 'NONSENSE');
    await compare('DEBUG', 'SLEEP');
  });
});
