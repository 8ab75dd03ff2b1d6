/** Slots that move whole between embedded nodes, in both dialects: what arrives, what is lost (nothing), what clients see. */
import { expect } from 'chai';
import { Cluster as RedisCluster } from 'ioredis';
import { slotOfKey as slotIn } from '../../src/lib/kernel/slot.js';
import type { ClusterNode, ClusterOptions } from '../../src/testing.js';
import { RespClient, show } from '../node/resp-client.js';
import { waitUntil } from '../support/wait.js';
import { DIALECTS, keysIn, textOf, Town } from './slot-transfer-town.js';

const FIRST = 100;
const LAST = 1099;

for (const dialect of DIALECTS) {
  describe(`slots that move whole, as ${dialect} has it`, function () {
    this.timeout(60_000);
    let town: Town;
    let isUp = false;

    async function build(options: ClusterOptions = {}): Promise<void> {
      town = await Town.build(dialect, options);
      isUp = true;
    }

    afterEach(async () => {
      if (isUp) await town.stop();
      isUp = false;
    });

    it('carries every type, every expiry and every byte, and leaves nothing behind', async () => {
      await build({ primaries: 2, replicasPerPrimary: 1 });
      const { source, target } = town;
      const keys = keysIn(FIRST, LAST, 60);
      const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
      for (const [at, key] of keys.entries()) {
        const members = Array.from({ length: at * 10 }, (_, no) => `${bytes.slice(no % 200)}${no}`);
        const last = `${at}`;
        if (at % 5 === 0) await town.put(key, 'SET', key, `${bytes}${at}`);
        else if (at % 5 === 1) await town.put(key, 'RPUSH', key, last, ...members);
        else if (at % 5 === 2) await town.put(key, 'SADD', key, last, ...members);
        else if (at % 5 === 3) {
          await town.put(key, 'HSET', key, ...members.flatMap((one) => [one, last]), 'f', last);
        } else
          await town.put(key, 'ZADD', key, ...members.flatMap((one) => ['1.5', one]), '2', 'm');
        if (at % 3 === 0) await town.put(key, 'PEXPIREAT', key, String(4_000_000_000_000 + at));
      }
      const outside = keysIn(LAST + 1, 8000, 20);
      for (const key of outside) await town.put(key, 'SET', key, 'stays');
      const before = await picture(source, keys);

      await town.done(await town.move(FIRST, LAST));

      expect(await picture(target, keys)).to.deep.equal(before);
      expect(await town.say(source, 'DBSIZE')).to.equal(`:${outside.length}`);
      expect(await town.say(target, 'DBSIZE')).to.equal(`:${keys.length}`);
      await town.cluster.waitForConverged();
      for (const node of [source, target]) {
        const [replica] = town.cluster.replicasOf(node);
        expect(await town.say(replica!, 'DEBUG', 'DIGEST')).to.equal(
          await town.say(node, 'DEBUG', 'DIGEST'),
        );
      }
      for (const node of town.cluster.primaries) {
        const owned = await town.say(node, 'CLUSTER', 'NODES');
        expect(owned).to.match(new RegExp(`${target.id} .* connected ${FIRST}-${LAST} 8192-16383`));
      }
    });

    it('loses no write that was acknowledged, while many clients write', async () => {
      await build({ primaries: 2, replicasPerPrimary: 1 });
      const keys = keysIn(FIRST, LAST, 40);
      for (const key of keysIn(FIRST, LAST, 3000))
        await town.put(key, 'SET', `{${key}}s`, 'x'.repeat(200));
      const writers = await Promise.all(keys.map((key) => Writer.open(town, key)));
      const work = writers.map((writer) => writer.run());
      try {
        await waitUntil('all write', () => writers.every(({ acknowledged }) => acknowledged > 5));
        for (let round = 0; round < 3; round++) {
          await town.done(await town.move(FIRST + round * 300, FIRST + round * 300 + 299));
        }
        const then = writers.map(({ acknowledged }) => acknowledged);
        await waitUntil('all write on', () =>
          writers.every(({ acknowledged }, at) => acknowledged > then[at]! + 5),
        );
      } finally {
        for (const writer of writers) writer.isWanted = false;
        await Promise.all(work);
      }
      await town.cluster.waitForConverged();
      for (const writer of writers) {
        const owner = town.cluster.ownerOf(writer.key);
        const [replica] = town.cluster.replicasOf(owner);
        await town.say(replica!, 'READONLY');
        for (const node of [owner, replica!]) {
          expect(await town.say(node, 'GET', `{${writer.key}}n`)).to.equal(
            `$"${writer.acknowledged}"`,
          );
          expect(await town.say(node, 'LLEN', `{${writer.key}}l`)).to.equal(
            `:${writer.acknowledged}`,
          );
        }
        expect([...writer.surprises]).to.deep.equal([]);
      }
    });

    it('loses nothing either while one of the two stands still, or they are cut off', async () => {
      await build({ primaries: 3, replicasPerPrimary: 0 });
      const { cluster, source, target } = town;
      const writers = await Promise.all(
        keysIn(FIRST, LAST, 20).map((key) => Writer.open(town, key)),
      );
      const work = writers.map((writer) => writer.run());
      const trouble: readonly (() => Promise<void>)[] = [
        () => standStill(target),
        () => standStill(source),
        async () => {
          const cut = cluster.partition(source, [target]);
          await passing(1000);
          cut.heal();
        },
      ];
      try {
        for (const [round, happen] of trouble.entries()) {
          const [first, last] = [FIRST + round * 300, FIRST + round * 300 + 299];
          const slow = cluster.delay([source, target], 20 + round * 20);
          const name = await town.move(first, last);
          await happen();
          slow.heal();
          await town.waitFor(source, name, 'success', 'completed', 'failed');
          await town.waitFor(target, name, 'success', 'completed', 'failed');
          if (dialect === 'redis-8.4') await town.cancel();
        }
      } finally {
        for (const writer of writers) writer.isWanted = false;
        await Promise.all(work);
      }
      await cluster.waitForConverged();
      for (const { key, acknowledged, surprises } of writers) {
        const owner = cluster.ownerOf(key);
        expect(await town.say(owner, 'GET', `{${key}}n`)).to.equal(`$"${acknowledged}"`);
        expect(await town.say(owner, 'LLEN', `{${key}}l`)).to.equal(`:${acknowledged}`);
        expect([...surprises]).to.deep.equal([]);
      }

      async function standStill(node: ClusterNode): Promise<void> {
        cluster.pause(node);
        await passing(500);
        cluster.resume(node);
      }
    });

    it('leaves nothing behind in the file of a target that crashes', async () => {
      await build({ nodeTimeoutMs: 8000, config: { appendonly: 'yes', ...NO_COVERAGE } });
      const { cluster, source, target } = town;
      for (const key of keysIn(FIRST, LAST, 30)) await town.put(key, 'SET', key, 'v');
      const [own] = keysIn(6000, 6999, 1);
      await town.put(own!, 'SET', own!, 'its own');
      cluster.delay([source, target], 300);
      const name = await town.move(FIRST, LAST);
      await town.isUnderWay(name);
      const [first] = keysIn(FIRST, LAST, 1);
      const none = `array[+${'0'.repeat(40)}]`;
      await waitUntil(
        'something has come in',
        async () => (await town.say(target, 'DEBUG', 'DIGEST-VALUE', first!)) !== none,
      );
      await cluster.kill(target);
      cluster.heal();
      await cluster.restart(target);
      await waitUntil(
        'what had come in is gone',
        async () => (await town.say(target, 'DEBUG', 'DIGEST-VALUE', first!)) === none,
      );
      await town.waitFor(source, name, 'failed', 'success', 'completed');
      await waitUntil('the source is heard', async () =>
        (await town.say(target, 'GET', first!)).startsWith('-MOVED'),
      );
      expect(await town.say(target, 'GET', own!)).to.equal('$"its own"');
      expect(await town.say(source, 'DBSIZE')).to.equal(':30');
    });

    it('shows nothing of what comes in before it is all there', async () => {
      await build({ primaries: 3, replicasPerPrimary: 1 });
      const { source, target } = town;
      const keys = keysIn(FIRST, LAST, 50);
      for (const key of keys) await town.put(key, 'SET', key, 'v', 'EX', '1000');
      const slow = town.cluster.delay([source, target], 400);
      const name = await town.move(FIRST, LAST);
      await town.isUnderWay(name);
      const [replica] = town.cluster.replicasOf(target);
      await waitUntil('the replica has what came in', async () =>
        (await town.say(replica!, 'DEBUG', 'DIGEST-VALUE', keys[0]!)).includes('0'.repeat(40))
          ? false
          : true,
      );
      for (const node of [target, replica!]) {
        expect(await town.say(node, 'DBSIZE')).to.equal(':0');
        expect(await town.say(node, 'KEYS', '*')).to.equal('array[]');
        expect(await town.say(node, 'RANDOMKEY')).to.match(/^nil/);
        expect(await town.say(node, 'SCAN', '0', 'COUNT', '1000')).to.equal('array[$"0", array[]]');
        expect(textOf(await town.call(node, 'INFO', 'keyspace'))).to.equal('# Keyspace\r\n');
      }
      expect(await town.say(target, 'CLUSTER', 'COUNTKEYSINSLOT', String(FIRST))).to.equal(':0');
      expect(await town.say(target, 'GET', keys[0]!)).to.match(/^-MOVED/);
      expect(await town.say(source, 'GET', keys[0]!)).to.equal('$"v"');
      slow.heal();
      await town.done(name);
      expect(await town.say(target, 'DBSIZE')).to.equal(':50');
      expect(textOf(await town.call(target, 'INFO', 'keyspace'))).to.contain('keys=50,expires=50');
    });

    it('is broken off on demand, without a trace, and can be begun again', async () => {
      await build();
      const { source, target } = town;
      const keys = keysIn(FIRST, LAST, 30);
      for (const key of keys) await town.put(key, 'SET', key, 'v');
      const slow = town.cluster.delay([source, target], 400);
      const name = await town.move(FIRST, LAST);
      await town.isUnderWay(name);
      expect(await town.cancel()).to.equal(dialect === 'valkey-9' ? '+OK' : ':1');
      const [orderer, other] = dialect === 'valkey-9' ? [source, target] : [target, source];
      await town.waitFor(orderer, name, 'cancelled', 'canceled');
      await town.waitFor(other, name, 'failed');
      slow.heal();
      expect(await town.cancel()).to.equal(
        dialect === 'valkey-9' ? '-ERR No migrations ongoing' : ':0',
      );
      expect(await town.say(target, 'DBSIZE')).to.equal(':0');
      expect(await town.say(source, 'SET', keys[0]!, 'again')).to.equal('+OK');
      await town.done(await town.move(FIRST, LAST));
      expect(await town.say(target, 'GET', keys[0]!)).to.equal('$"again"');
      expect(await town.say(target, 'DBSIZE')).to.equal(':30');
    });

    it('ends with FLUSHALL on either side', async () => {
      await build();
      const { source, target } = town;
      for (const key of keysIn(FIRST, LAST, 30)) await town.put(key, 'SET', key, 'v');
      const slow = town.cluster.delay([source, target], 300);
      for (const flushed of [target, source]) {
        const name = await town.move(FIRST, LAST);
        await town.isUnderWay(name);
        await town.say(flushed, 'FLUSHALL');
        await town.waitFor(flushed, name, 'failed');
        await town.waitFor(flushed === source ? target : source, name, 'failed');
        expect((await town.job(flushed, name))[MESSAGE[dialect]]).to.equal('Data was flushed');
        if (dialect === 'redis-8.4') expect(await town.cancel()).to.equal(':1');
        expect(town.cluster.ownerOf(keysIn(FIRST, LAST, 1)[0]!)).to.equal(source);
      }
      slow.heal();
    });

    it('fails when the target dies, and the source serves on', async () => {
      await build({ nodeTimeoutMs: 1500, config: NO_COVERAGE });
      const { source, target } = town;
      const [key] = keysIn(FIRST, LAST, 1);
      await town.put(key!, 'SET', key!, 'v');
      town.cluster.delay([source, target], 300);
      const name = await town.move(FIRST, LAST);
      await town.isUnderWay(name);
      await town.cluster.kill(target);
      await town.waitFor(source, name, 'failed');
      await waitUntil(
        'the source writes',
        async () => (await town.say(source, 'SET', key!, 'w')) === '+OK',
      );
    });

    it('fails when the source dies, and the target forgets what came in', async () => {
      await build({ nodeTimeoutMs: 1500, config: NO_COVERAGE });
      const { source, target } = town;
      for (const key of keysIn(FIRST, LAST, 30)) await town.put(key, 'SET', key, 'v');
      town.cluster.delay([source, target], 300);
      const name = await town.move(FIRST, LAST);
      await town.isUnderWay(name);
      await town.cluster.kill(source);
      await town.waitFor(target, name, 'failed');
      expect(await town.say(target, 'DBSIZE')).to.equal(':0');
      expect(await town.say(target, 'DEBUG', 'DIGEST')).to.equal(`+${'0'.repeat(40)}`);
    });

    it('fails with a target that is replaced in the middle of it', async () => {
      await build({ replicasPerPrimary: 1 });
      const { cluster, source, target } = town;
      for (const key of keysIn(FIRST, LAST, 30)) await town.put(key, 'SET', key, 'v');
      const slow = cluster.delay([source, target], 300);
      const name = await town.move(FIRST, LAST);
      await town.isUnderWay(name);
      const [heir] = cluster.replicasOf(target);
      await cluster.failover(heir!);
      await town.waitFor(source, name, 'failed');
      slow.heal();
      await cluster.waitForConverged();
      for (const node of [heir!, target]) {
        expect(await town.say(node, 'DEBUG', 'DIGEST')).to.equal(`+${'0'.repeat(40)}`);
      }
      expect(await town.say(source, 'DBSIZE')).to.equal(':30');
    });

    it('sends who waits for a key on to the target, and ioredis sees no error', async () => {
      await build();
      const { source, target } = town;
      const [key, other] = keysIn(FIRST, LAST, 2);
      const waiting = await RespClient.open(source.port);
      const redis = new RedisCluster([...town.cluster.addresses]);
      try {
        await redis.set(other!, '0');
        const answer = waiting.call('BLPOP', key!, '0');
        let count = 0;
        const moved = { isDone: false };
        const work = (async () => {
          while (!moved.isDone) count = await redis.incr(other!);
        })();
        await town.done(await town.move(FIRST, LAST));
        moved.isDone = true;
        await work;
        expect(show(await answer)).to.equal(`-MOVED ${slotIn(key!)} ${target.address}`);
        expect(await town.say(target, 'GET', other!)).to.equal(`$"${count}"`);
      } finally {
        waiting.close();
        redis.disconnect();
      }
    });

    it('knows a password, and makes an emptied source a replica', async () => {
      await build({ replicasPerPrimary: 0, config: { masterauth: '' } });
      await town.put('a', 'SET', 'a', '1');
      const { source, target } = town;
      const [first, last] = [0, Math.floor(16_384 / 3) - 1];
      for (const node of town.cluster.nodes) {
        await town.say(node, 'CONFIG', 'SET', 'masterauth', 'secret', 'requirepass', 'secret');
      }
      await town.done(await town.move(first, last + 1).catch(() => town.move(first, last)));
      await waitUntil('the source follows the target', () => source.primaryId === target.id);
    });

    it('leaves the old way of moving slots as it was', async () => {
      await build();
      const { source, target } = town;
      const [key] = keysIn(FIRST, LAST, 1);
      const slot = String(slotIn(key!));
      await town.put(key!, 'SET', key!, 'v');
      await town.say(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', source.id);
      await town.say(source, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id);
      expect(await town.say(source, 'GET', `{${key!}}x`)).to.match(/^-ASK/);
      await expectRefusal(town.move(FIRST, LAST));
      const { host, port } = target;
      expect(await town.say(source, 'MIGRATE', host, String(port), key!, '0', '1000')).to.equal(
        '+OK',
      );
      for (const node of [target, source]) {
        expect(await town.say(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', target.id)).to.equal('+OK');
      }
      expect(await town.say(target, 'GET', key!)).to.equal('$"v"');
    });
  });
}

const MESSAGE = { 'valkey-9': 'message', 'redis-8.4': 'last_error' } as const;

/** For a fault to last, not for anything to happen. */
const passing = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const NO_COVERAGE = { 'cluster-require-full-coverage': 'no' };

async function expectRefusal(promise: Promise<string>): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  expect(error?.message).to.match(/manually migrated|must be STABLE/);
}

/** What keys hold, and when they expire. */
async function picture(node: ClusterNode, keys: readonly string[]): Promise<readonly string[]> {
  const link = await RespClient.open(node.port);
  try {
    const digests = await link.call('DEBUG', 'DIGEST-VALUE', ...keys);
    const expiries = await Promise.all(keys.map((key) => link.call('PEXPIRETIME', key)));
    return [digests, ...expiries].map(show);
  } finally {
    link.close();
  }
}

/** Writes one after the other to one slot, goes where MOVED sends it, and counts what was acknowledged. */
class Writer {
  readonly key: string;
  readonly surprises = new Set<string>();
  acknowledged = 0;
  isWanted = true;
  readonly #town: Town;
  #link: RespClient;

  static async open(town: Town, key: string): Promise<Writer> {
    return new Writer(town, key, await RespClient.open(town.source.port));
  }

  private constructor(town: Town, key: string, link: RespClient) {
    this.#town = town;
    this.key = key;
    this.#link = link;
  }

  async run(): Promise<void> {
    while (this.isWanted) {
      // Both or none: a transaction must not be torn apart either.
      const replies = await Promise.all([
        this.#link.call('MULTI'),
        this.#link.call('INCR', `{${this.key}}n`),
        this.#link.call('RPUSH', `{${this.key}}l`, 'x'.repeat(50)),
        this.#link.call('EXEC'),
      ]);
      const last = replies.at(-1)!;
      if (last.kind === 'array') this.acknowledged++;
      else await this.#follow(replies.map(show).find((text) => text.startsWith('-')) ?? '');
    }
    this.#link.close();
  }

  async #follow(text: string): Promise<void> {
    const port = /^-MOVED \d+ [\d.]+:(\d+)/.exec(text)?.[1];
    if (port === undefined) {
      this.surprises.add(text);
      this.isWanted = false;
      return;
    }
    const known = this.#town.cluster.nodes.some((node) => String(node.port) === port);
    if (!known) this.surprises.add(text);
    this.#link.close();
    this.#link = await RespClient.open(Number(port));
  }
}
