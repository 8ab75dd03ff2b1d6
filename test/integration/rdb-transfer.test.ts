/**
 * Values of every type go over as a whole, by full sync and by MIGRATE, between redis-server and an embedded
 * node in every pairing, while a client goes on changing the largest of them in place.
 */
import { expect } from 'chai';
import { Prng } from '../../src/lib/kernel/prng.js';
import { show } from '../node/resp-client.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { type Make, type Server, Servers } from './repl-support.js';

const PAIRINGS: readonly (readonly [source: Make, target: Make])[] = [
  ['real', 'embedded'],
  ['embedded', 'real'],
  ['embedded', 'embedded'],
];

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`);

/** Elements per large collection: several slices of a snapshot, several chunks of a socket. */
const LARGE = 10_000;

function contents(): string[][] {
  const scored = (members: string[]): string[] =>
    members.flatMap((member, at) => [String((at % 97) / 8), member]);
  return [
    ['SET', 'string', 'x'.repeat(10_000)],
    ['SET', 'binary', '\x00\xff\r\n'],
    ['SET', 'expiring', '5', 'PX', '10000000'],
    ['RPUSH', 'list', ...names('e', 200), 'y'.repeat(9000)],
    ['RPUSH', 'large list', ...names('element ', LARGE)],
    ['SADD', 'set', 'a', '', '\xff'],
    ['SADD', 'integers', '1', '-5', '9223372036854775807'],
    ['SADD', 'large set', ...names('member ', LARGE)],
    ['HSET', 'hash', 'f', 'v', '', ''],
    ['HSET', 'large hash', ...names('field ', LARGE).flatMap((field) => [field, `v of ${field}`])],
    ['ZADD', 'zset', '-inf', 'low', 'inf', 'high', '0.1', 'middle'],
    ['ZADD', 'large zset', ...scored(names('member ', LARGE))],
    ...names('small ', 500).map((key) => ['HSET', key, 'f', key, 'g', '7']),
  ];
}

/** One change in place of something large. */
function change(prng: Prng): string[] {
  const at = prng.below(LARGE);
  switch (prng.below(9)) {
    case 0:
      return ['LPOP', 'large list'];
    case 1:
      return ['RPUSH', 'large list', `new ${at}`];
    case 2:
      return ['SREM', 'large set', `member ${at}`];
    case 3:
      return ['SADD', 'large set', `new ${at}`];
    case 4:
      return ['HSET', 'large hash', `field ${at}`, `new ${at}`];
    case 5:
      return ['HDEL', 'large hash', `field ${at}`];
    case 6:
      return ['ZADD', 'large zset', String(at), `member ${at}`];
    case 7:
      return ['ZREM', 'large zset', `member ${at}`];
    default:
      return ['RENAME', `small ${at % 500}`, `renamed ${at % 500}`];
  }
}

const digestOf = async ({ client }: Server): Promise<string> =>
  show(await client.call('DEBUG', 'DIGEST'));

for (const [source, target] of PAIRINGS) {
  describe(`values of every type, ${source} to ${target}`, function () {
    this.timeout(60_000);
    const servers = new Servers();
    let from: Server;
    let to: Server;

    before(function () {
      if (!hasRedisServer()) this.skip();
    });

    beforeEach(async () => {
      from = await servers.start(source);
      to = await servers.start(target);
      for (const command of contents()) {
        const reply = show(await from.client.call(...command));
        expect(reply, command.slice(0, 2).join(' ')).to.not.match(/^-/);
      }
    });

    afterEach(() => servers.stop());

    it('arrive by full sync while they change, and are the same', async () => {
      const prng = new Prng(1);
      await to.client.call('REPLICAOF', '127.0.0.1', String(from.port));
      const synced = { isUp: false };
      const inSync = waitUntil('the replica is in sync', async () =>
        /master_link_status:up/.test(show(await to.client.call('INFO', 'replication'))),
      ).finally(() => (synced.isUp = true));
      for (let changes = 0; changes < 500 || !synced.isUp; changes++) {
        await from.client.call(...change(prng));
      }
      await inSync;
      await waitUntil(
        'both have the same',
        async () => (await digestOf(from)) === (await digestOf(to)),
      );
    });

    it('arrive by MIGRATE one by one, and are gone behind it', async () => {
      const before = await digestOf(from);
      const keys = contents().map(([, key]) => key!);
      for (let at = 0; at < keys.length; at += 100) {
        const some = keys.slice(at, at + 100);
        const words = ['MIGRATE', '127.0.0.1', String(to.port), '', '0', '10000', 'KEYS', ...some];
        expect(show(await from.client.call(...words))).to.equal('+OK');
      }
      expect(await digestOf(to)).to.equal(before);
      expect(show(await from.client.call('DBSIZE'))).to.equal(':0');
    });
  });
}
