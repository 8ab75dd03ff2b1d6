import { expect } from 'chai';
import { migratedKeyIndexes, parseMigrate } from '../../../src/lib/node/commands/migrate.js';
import type { ReplicationWing } from '../../../src/lib/node/ports/wings.js';
import { type EmbeddedNode, startNode } from '../../../src/lib/node/server/node.js';
import type { Reply } from '../../../src/lib/wire/resp/reply.js';
import { waitUntil } from '../../support/wait.js';
import { RespClient, show } from '../resp-client.js';
import { FakeTarget } from './fake-target.js';

const words = (text: string): string[] =>
  text.split(' ').map((word) => (word === '""' ? '' : word));

describe("MIGRATE's words", () => {
  const KEYS: readonly (readonly [command: string, indexes: readonly number[]])[] = [
    ['MIGRATE h 1 k 0 9', [3]],
    ['MIGRATE h 1 k 0 9 COPY', [3]],
    ['MIGRATE h 1 "" 0 9 KEYS a b', [7, 8]],
    ['MIGRATE h 1 "" 0 9 copy auth keys keys a', [10]],
    ['MIGRATE h 1 "" 0 9 AUTH2 keys keys KEYS a', [10]],
    ['MIGRATE h 1 "" 0 9', [3]],
    ['MIGRATE h 1 "" 0 9 KEYS', []],
  ];
  for (const [command, indexes] of KEYS) {
    it(`${command} has its keys at ${indexes.join(', ') || 'no place'}`, () => {
      expect(migratedKeyIndexes(words(command))).to.deep.equal(indexes);
    });
  }

  it('are read as a whole', () => {
    const parsed = parseMigrate(words('MIGRATE h 7 "" 3 0 COPY REPLACE AUTH2 u p KEYS a b'));
    expect(parsed).to.deep.equal({
      ok: true,
      value: {
        host: 'h',
        port: 7,
        db: 3,
        timeoutMs: 1000,
        copies: true,
        replaces: true,
        user: 'u',
        password: 'p',
        keys: ['a', 'b'],
      },
    });
  });
});

describe('MIGRATE', () => {
  let node: EmbeddedNode;
  let target: FakeTarget;
  let stream: string[];
  const clients: RespClient[] = [];

  async function connect(): Promise<RespClient> {
    const client = await RespClient.open(node.port);
    clients.push(client);
    return client;
  }

  const say = async (client: RespClient, text: string): Promise<string> =>
    show(await client.call(...words(text)));

  const migrate = (client: RespClient, rest: string): Promise<Reply> =>
    client.call(...words(`MIGRATE 127.0.0.1 ${target.port} ${rest}`));

  beforeEach(async () => {
    node = await startNode({ port: 0 });
    target = await FakeTarget.open();
    stream = [];
    const propagate: ReplicationWing['propagate'] = (db, argv) =>
      void stream.push(`${db}: ${argv.join(' ')}`);
    Object.assign(node.wings.replication, { propagate });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await node.stop();
    target.close();
  });

  it('lets commands on keys in flight wait, in order, and all others go on', async () => {
    const [mover, reader, other] = [await connect(), await connect(), await connect()];
    await say(mover, 'MSET a 1 b 2 c 3');
    const moved = migrate(mover, '"" 0 5000 KEYS a b');
    await target.received(3);
    let isAnswered = false;
    const read = reader.call('GET', 'a').then((reply) => ((isAnswered = true), reply));
    const written = reader.call('SET', 'a', 'new');
    expect(await say(other, 'GET c')).to.equal('$"3"');
    expect(await say(other, 'SET d 4')).to.equal('+OK');
    expect(isAnswered).to.equal(false);
    target.say('+OK\r\n+OK\r\n+OK\r\n');
    expect(show(await moved)).to.equal('+OK');
    expect(show(await read)).to.equal('nil-bulk');
    expect(show(await written)).to.equal('+OK');
    expect(stream).to.deep.equal([
      '0: MSET a 1 b 2 c 3',
      '0: SET d 4',
      '0: DEL a b',
      '0: SET a new',
    ]);
  });

  it('lets a transaction on a key in flight wait, and queues meanwhile', async () => {
    const [mover, other] = [await connect(), await connect()];
    await say(mover, 'SET a 1');
    const moved = migrate(mover, 'a 0 5000');
    await target.received(2);
    expect(await say(other, 'MULTI')).to.equal('+OK');
    expect(await say(other, 'INCR a')).to.equal('+QUEUED');
    const executed = other.call('EXEC');
    target.say('+OK\r\n+OK\r\n');
    expect(show(await moved)).to.equal('+OK');
    expect(show(await executed)).to.equal('array[:1]');
    expect(stream.slice(1)).to.deep.equal(['0: DEL a', '0: INCR a']);
  });

  it('lets a second MIGRATE of the same key wait, which then finds nothing', async () => {
    const [one, two] = [await connect(), await connect()];
    await say(one, 'SET a 1');
    const first = migrate(one, 'a 0 5000');
    await target.received(2);
    const second = migrate(two, 'a 0 5000');
    target.say('+OK\r\n+OK\r\n');
    expect(show(await first)).to.equal('+OK');
    expect(show(await second)).to.equal('+NOKEY');
  });

  it('keeps what the target refused, and deletes the rest with one DEL', async () => {
    const client = await connect();
    await say(client, 'MSET a 1 b 2 c 3');
    const moved = migrate(client, '"" 0 5000 KEYS a b missing c');
    await target.received(4);
    target.say('+OK\r\n+OK\r\n-BUSYKEY no\r\n+OK\r\n');
    expect(show(await moved)).to.equal('-ERR Target instance replied with error: BUSYKEY no');
    expect(await say(client, 'KEYS *')).to.equal('array[$"b"]');
    expect(stream.at(-1)).to.equal('0: DEL a c');
  });

  it('counts nothing as moved when SELECT or AUTH is refused', async () => {
    const client = await connect();
    await say(client, 'SET a 1');
    const moved = migrate(client, 'a 7 5000');
    await target.received(2);
    target.say('-ERR no such database\r\n+OK\r\n');
    expect(show(await moved)).to.contain('replied with error: ERR no such database');
    expect(await say(client, 'EXISTS a')).to.equal(':1');
  });

  it('does not take the words of a web server for consent', async () => {
    const client = await connect();
    await say(client, 'SET a 1');
    const moved = migrate(client, 'a 0 5000');
    await target.received(2);
    target.say('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(show(await moved)).to.equal('-IOERR error or timeout reading to target instance');
    expect(await say(client, 'EXISTS a')).to.equal(':1');
  });

  it('deletes what was confirmed before the connection broke, and says that it broke', async () => {
    const client = await connect();
    await say(client, 'MSET a 1 b 2');
    const moved = migrate(client, '"" 0 5000 KEYS a b');
    await target.received(3);
    target.sockets[0]!.end('+OK\r\n+OK\r\n');
    expect(show(await moved)).to.equal('-IOERR error or timeout reading to target instance');
    expect(await say(client, 'KEYS *')).to.equal('array[$"b"]');
    expect(target.sockets).to.have.length(1);
  });

  it('keeps the connection and its database, and tries once more when it has died unseen', async () => {
    const client = await connect();
    await say(client, 'MSET a 1 b 2 c 3');
    target.answer = () => '+OK\r\n';
    await migrate(client, 'a 0 5000');
    await migrate(client, 'b 0 5000');
    expect(target.sockets).to.have.length(1);
    expect(target.requests).to.deep.equal(['SELECT 0', 'RESTORE a', 'RESTORE b']);
    let isFirst = true;
    target.answer = () => {
      const reply = isFirst ? 'hang up' : '+OK\r\n';
      isFirst = false;
      return reply;
    };
    expect(show(await migrate(client, 'c 0 5000'))).to.equal('+OK');
    expect(target.sockets).to.have.length(2);
    expect(target.requests.slice(3)).to.deep.equal(['RESTORE c', 'SELECT 0', 'RESTORE c']);
  });

  it('gives up after the second break', async () => {
    const client = await connect();
    await say(client, 'SET a 1');
    target.answer = () => 'hang up';
    expect(show(await migrate(client, 'a 0 5000'))).to.match(/^-IOERR error or timeout/);
    expect(target.sockets).to.have.length(2);
    expect(await say(client, 'GET a')).to.equal('$"1"');
  });

  it('does not share a connection that logged in with a MIGRATE that did not', async () => {
    const client = await connect();
    await say(client, 'MSET a 1 b 2');
    target.answer = () => '+OK\r\n';
    await migrate(client, 'a 0 5000 AUTH secret');
    await migrate(client, 'b 0 5000');
    expect(target.sockets).to.have.length(2);
  });

  it('goes on when the client leaves: a key the target has does not stay here', async () => {
    const [mover, other] = [await connect(), await connect()];
    await say(mover, 'SET a 1');
    migrate(mover, 'a 0 5000').catch(() => undefined);
    await target.received(2);
    mover.close();
    target.say('+OK\r\n+OK\r\n');
    await waitUntil('the key is gone', async () => (await say(other, 'EXISTS a')) === ':0');
    expect(stream.at(-1)).to.equal('0: DEL a');
  });

  it('changes nothing while writes are paused', async () => {
    const [mover, other] = [await connect(), await connect()];
    await say(mover, 'SET a 1');
    let isAnswered = false;
    const moved = migrate(mover, 'a 0 5000').then((reply) => ((isAnswered = true), reply));
    await target.received(2);
    node.wings.data.pauseWrites('failover', Date.now() + 60_000);
    target.say('+OK\r\n+OK\r\n');
    target.sockets[0]!.end();
    // The target's answers have been read once its farewell has been answered.
    await waitUntil('the node has read', () => target.sockets[0]!.closed);
    expect(isAnswered).to.equal(false);
    expect(stream).to.deep.equal(['0: SET a 1']);
    expect(await say(other, 'DBSIZE')).to.equal(':1');
    node.wings.data.unpauseWrites('failover');
    expect(show(await moved)).to.equal('+OK');
    expect(stream.at(-1)).to.equal('0: DEL a');
  });

  it('deletes nothing once the node has become a replica', async () => {
    const [mover, other] = [await connect(), await connect()];
    await say(mover, 'SET a 1');
    const moved = migrate(mover, 'a 0 5000');
    await target.received(2);
    const replica: ReplicationWing = { ...node.wings.replication, role: 'replica', isLinkUp: true };
    Object.assign(node.wings, { replication: replica });
    target.say('+OK\r\n+OK\r\n');
    await moved;
    expect(await say(other, 'GET a')).to.equal('$"1"');
    expect(stream).to.deep.equal(['0: SET a 1']);
  });

  it('inside a transaction is refused, and moves nothing', async () => {
    const client = await connect();
    await say(client, 'SET a 1');
    await say(client, 'MULTI');
    await migrate(client, 'a 0 5000');
    const executed = show(await client.call('EXEC'));
    expect(executed).to.contain('MIGRATE inside a transaction is not supported');
    expect(await say(client, 'EXISTS a')).to.equal(':1');
  });

  it('is broken off when the node stops', async () => {
    const client = await connect();
    await say(client, 'SET a 1');
    migrate(client, 'a 0 600000').catch(() => undefined);
    await target.received(2);
    await node.stop();
    await waitUntil('the connection is closed', () => target.sockets[0]!.closed);
  });
});

describe('RESTORE in the replication stream', () => {
  it('has its expiry as a moment, and an expired replacement is a DEL', async () => {
    const node = await startNode({ port: 0 });
    const client = await RespClient.open(node.port);
    const stream: string[] = [];
    try {
      Object.assign(node.wings, {
        replication: {
          ...node.wings.replication,
          propagate: (_db: number, argv: readonly string[]) =>
            stream.push(argv.filter((_, at) => at !== 3).join(' ')),
        },
      });
      await client.call('SET', 'a', 'value');
      const dump = await client.call('DUMP', 'a');
      const payload = dump.kind === 'bulk' ? dump.text : '';
      stream.length = 0;
      await client.call('RESTORE', 'b', '0', payload);
      await client.call('RESTORE', 'c', '100000', payload, 'IDLETIME', '5');
      await client.call('RESTORE', 'd', '9999999999999', payload, 'ABSTTL');
      await client.call('RESTORE', 'e', '1', payload, 'ABSTTL');
      await client.call('RESTORE', 'b', '1', payload, 'ABSTTL', 'REPLACE');
      expect(stream.map((line) => line.replace(/1\d{12}/, '<ms>'))).to.deep.equal([
        'RESTORE b 0',
        'RESTORE c <ms> IDLETIME 5 ABSTTL',
        'RESTORE d 9999999999999 ABSTTL',
        'DEL b',
      ]);
      expect(show(await client.call('OBJECT', 'IDLETIME', 'c'))).to.equal(':5');
      expect(show(await client.call('EXISTS', 'b', 'e'))).to.equal(':0');
    } finally {
      client.close();
      await node.stop();
    }
  });
});
