/** Keys that change nodes, and clients that meet them on the way. */
import { expect } from 'chai';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { form, type Peer, PeerPool, settled } from './bus-cluster.js';
import { type Make, Servers, text } from './repl-support.js';

const many = (count: number, of: (at: number) => readonly string[]): string[] =>
  Array.from({ length: count }, (_, at) => of(at)).flat();

/** One value of each type, small ones and ones that real servers keep in another form. */
const VALUES: readonly string[][] = [
  ['SET', 'string', 'a\r\n\x00\xff'],
  ['SET', 'number', '-9223372036854775808'],
  ['SET', 'long', 'repeats '.repeat(5000)],
  ['RPUSH', 'list', 'a', '', '-1', 'b\xff'],
  ['RPUSH', 'list long', ...many(3000, (at) => [`element ${at}`])],
  ['RPUSH', 'list wide', 'x'.repeat(100_000), 'y'],
  ['SADD', 'set', 'a', '', '1'],
  ['SADD', 'set of integers', '1', '-5', '99999999999'],
  ['SADD', 'set long', ...many(2000, (at) => [`member ${at}`])],
  ['HSET', 'hash', 'f', 'v', '', ''],
  ['HSET', 'hash long', ...many(1500, (at) => [`field ${at}`, `value ${at}`])],
  ['HSET', 'hash wide', 'f', 'v'.repeat(1000)],
  ['ZADD', 'zset', '1', 'a', '-inf', 'b', '2.5', 'c'],
  ['ZADD', 'zset long', ...many(1000, (at) => [String(at / 8), `member ${at}`])],
];

describe('keys of every type, by MIGRATE', function () {
  const servers = new Servers();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => servers.stop());

  for (const [from, to] of [
    ['embedded', 'real'],
    ['real', 'embedded'],
    ['embedded', 'embedded'],
  ] as const satisfies readonly (readonly [Make, Make])[]) {
    it(`from ${from} to ${to}: all arrive, with their expiry, and replicas of both ends see the same`, async () => {
      const [source, target] = [await servers.start(from), await servers.start(to)];
      const witness = await servers.start(from === 'real' ? 'embedded' : 'real', {});
      await witness.client.call('REPLICAOF', '127.0.0.1', String(source.port));
      await waitUntil('the witness is in sync', async () => {
        return (await text(witness, 'INFO', 'replication')).includes('master_link_status:up');
      });
      for (const words of VALUES) await source.client.call(...words);
      const names = VALUES.map(([, key]) => key!);
      for (const key of names.filter((_, at) => at % 2 === 0)) {
        await source.client.call('PEXPIREAT', key, '4000000000000');
      }
      const digest = await text(source, 'DEBUG', 'DIGEST');
      const move = [
        'MIGRATE',
        '127.0.0.1',
        String(target.port),
        '',
        '0',
        '10000',
        'KEYS',
        ...names,
      ];
      expect(await text(source, ...move)).to.equal('OK');
      expect(await text(source, 'DBSIZE')).to.equal(':0');
      expect(await text(target, 'DEBUG', 'DIGEST')).to.equal(digest);
      expect(await text(target, 'PEXPIRETIME', 'string')).to.match(
        /^:3999999999\d{3}$|^:40000000000\d\d$/,
      );
      await waitUntil('the witness has seen them go', async () => {
        return (await text(witness, 'DBSIZE')) === ':0';
      });
      // And back, as copies over what is there.
      expect(
        await text(
          target,
          'MIGRATE',
          '127.0.0.1',
          String(source.port),
          '',
          '0',
          '10000',
          'COPY',
          'REPLACE',
          'KEYS',
          ...names,
        ),
      ).to.equal('OK');
      expect(await text(source, 'DEBUG', 'DIGEST')).to.equal(digest);
    });
  }

  it('a value that the target cannot take stays, with the words of the target', async () => {
    const [source, target] = [await servers.start('real'), await servers.start('embedded')];
    await source.client.call('XADD', 'stream', '1-1', 'f', 'v');
    await source.client.call('SET', 'string', '1');
    const moved = await text(
      source,
      'MIGRATE',
      '127.0.0.1',
      String(target.port),
      '',
      '0',
      '5000',
      'KEYS',
      'stream',
      'string',
    );
    expect(moved).to.match(/^-ERR Target instance replied with error: ERR Bad data format/);
    expect(await text(source, 'EXISTS', 'stream')).to.equal(':1');
    expect(await text(target, 'GET', 'string')).to.equal('1');
    expect(await text(source, 'EXISTS', 'string')).to.equal(':0');
  });
});

describe('clients of a slot that moves', function () {
  this.timeout(60_000);
  const pool = new PeerPool();
  const opened: RespClient[] = [];
  const slot = String(slotOfKey('foo'));
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => {
    for (const client of opened.splice(0)) client.close();
  });

  async function open({ port }: { readonly port: number }): Promise<RespClient> {
    const client = await RespClient.open(port);
    opened.push(client);
    return client;
  }

  async function blocked(peer: Peer, ...argv: string[]): Promise<{ reply: Promise<string> }> {
    const client = await open(peer);
    const reply = client.call(...argv).then(show);
    await waitUntil('it waits', async () => {
      return (await peer.ask('CLIENT', 'LIST')).includes(` cmd=${argv[0]!.toLowerCase()} `);
    });
    return { reply };
  }

  async function pair(kinds: readonly Peer['kind'][]): Promise<Peer[]> {
    const peers = await pool.start(kinds, {
      nodeTimeoutMs: 2000,
      config: { 'cluster-allow-replica-migration': 'no' },
    });
    await form(
      peers,
      [],
      [
        [0, 16_382],
        [16_383, 16_383],
      ],
    );
    await settled(peers);
    return peers;
  }

  it('are sent to its new owner when they wait for keys, and others wait on', async () => {
    const said: string[][] = [];
    for (const kind of ['real', 'embedded'] as const) {
      const [owner, heir] = await pair([kind, 'embedded']);
      const waits = [
        await blocked(owner!, 'BLPOP', 'foo', '0'),
        await blocked(owner!, 'BZPOPMIN', 'foo', '0'),
        await blocked(owner!, 'BLMOVE', 'foo', '{foo}b', 'LEFT', 'LEFT', '0'),
      ];
      const stays = await blocked(owner!, 'BRPOP', 'bar', '0');
      expect(await heir!.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', owner!.id)).to.equal('+OK');
      expect(await heir!.ask('CLUSTER', 'SETSLOT', slot, 'NODE', heir!.id)).to.equal('+OK');
      const answers = await Promise.all(waits.map(({ reply }) => reply));
      said.push(answers.map((answer) => answer.replace(String(heir!.port), 'heir')));
      await owner!.ask('RPUSH', 'bar', 'x');
      said.at(-1)!.push(await stays.reply);
    }
    expect(said[1]).to.deep.equal(said[0]);
    expect(said[1]![0]).to.equal(`-MOVED ${slot} 127.0.0.1:heir`);
  });

  it('are told when the cluster is down', async () => {
    const said: string[] = [];
    for (const kind of ['real', 'embedded'] as const) {
      const [owner] = await pair([kind, 'embedded']);
      const { reply } = await blocked(owner!, 'BLPOP', 'foo', '0');
      expect(await owner!.ask('CLUSTER', 'DELSLOTS', '5')).to.equal('+OK');
      said.push(await reply);
    }
    expect(said[1]).to.equal(said[0]);
  });

  it('see none of its keys from the moment it is lost, and a replica loses them too', async () => {
    const peers = await pool.start(['embedded', 'embedded', 'embedded', 'real'], {
      nodeTimeoutMs: 2000,
      config: { 'cluster-allow-replica-migration': 'no' },
    });
    const [owner, heir, ...replicas] = peers as [Peer, Peer, Peer, Peer];
    await form(
      [owner, heir],
      replicas.map((peer) => ({ peer, of: owner })),
      [
        [0, 16_382],
        [16_383, 16_383],
      ],
    );
    await settled(peers);
    const client = await open(owner);
    await Promise.all(
      many(20_000, (at) => [`{foo}${at}`]).map((key) => client.call('SET', key, 'v')),
    );
    await client.call('SET', 'bar', 'stays');
    expect(await heir.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', owner.id)).to.equal('+OK');
    expect(await heir.ask('CLUSTER', 'SETSLOT', slot, 'NODE', heir.id)).to.equal('+OK');
    await waitUntil('the slot is lost', async () => {
      const [lost, count, size, keys] = await Promise.all(
        [['GET', '{foo}1'], ['CLUSTER', 'COUNTKEYSINSLOT', slot], ['DBSIZE'], ['KEYS', '*']].map(
          (argv) => client.call(...argv).then(show),
        ),
      );
      if (!lost!.startsWith('-MOVED')) return false;
      expect([count, size, keys]).to.deep.equal([':0', ':1', 'array[$"bar"]']);
      return true;
    });
    for (const replica of replicas) {
      await waitUntil(`the ${replica.kind} replica has lost them`, async () => {
        return (await replica.ask('DBSIZE')) === ':1';
      });
    }
    // The slot comes back, and with it nothing of what was.
    expect(await owner.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', heir.id)).to.equal('+OK');
    expect(await owner.ask('CLUSTER', 'SETSLOT', slot, 'NODE', owner.id)).to.equal('+OK');
    expect(await owner.ask('GET', '{foo}1')).to.equal('nil-bulk');
  });
});
