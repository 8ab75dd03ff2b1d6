/** Slots of real servers on the move: what arrives, what is refused, and what a failure leaves behind. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import type { Moving } from '../../src/lib/execute/move/moving.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { runTrib } from '../cli/run-trib.js';
import { hasRedisServer, redisCli, type RealServer } from '../support/real-server.js';
import { moveBetween, type MoveOptions } from '../support/moving.js';
import { waitUntil } from '../support/wait.js';
import { ServerPool, addressOf, clusterInfo } from './real-cluster.js';

/** `{x}`: slot 16287, of the last of three primaries; `{a}` 15495 and `{foo}` 12182 as well. */
const SLOT = slotOfKey('{x}');

interface Client {
  readonly callAll: (requests: readonly (readonly string[])[]) => Promise<readonly unknown[]>;
  readonly call: (...words: string[]) => Promise<unknown>;
}

describe('moving slots of real servers', function () {
  this.timeout(60_000);
  const pool = new ServerPool();
  let servers: RealServer[] = [];
  before(async function () {
    if (!hasRedisServer()) this.skip();
    servers = await pool.start(3, { nodeTimeoutMs: 5_000 });
    const made = await runTrib(['create', '--yes', ...servers.map(addressOf)]);
    expect(made.status, made.stderr).to.equal(0);
  });
  after(() => pool.stop());

  const links: RedisLinks[] = [];
  afterEach(() => links.splice(0).forEach((one) => one.closeAll()));

  /** Moves between two of the servers, by their index. */
  const move = (from: number, to: number, slots: readonly number[], options: MoveOptions = {}) =>
    moveBetween(port(from), port(to), slots, options);

  const port = (index: number): number => servers[index]!.port;
  const keysIn = (index: number, slot: number): number =>
    Number(redisCli(port(index), 'CLUSTER', 'COUNTKEYSINSLOT', String(slot)));

  async function owns(index: number, slot: number): Promise<void> {
    const id = redisCli(port(index), 'CLUSTER', 'MYID');
    await waitUntil(`all know the owner of slot ${slot}`, () =>
      servers.every((_, at) => ownerAt(at, slot) === id && openMarks(at) === ''),
    );
  }

  function ownerAt(index: number, slot: number): string | undefined {
    const lines = redisCli(port(index), 'CLUSTER', 'NODES').split('\n');
    return lines
      .find((line) =>
        line
          .split(' ')
          .slice(8)
          .some((range) => {
            const [first = NaN, last = first] = range.split('-').map(Number);
            return first <= slot && slot <= last;
          }),
      )
      ?.slice(0, 40);
  }

  const openMarks = (index: number): string =>
    (/\[.*\]/.exec(redisCli(port(index), 'CLUSTER', 'NODES')) ?? [''])[0];

  /** Binary-safe, many commands in one packet; a connection of its own. */
  function client(index: number): Client {
    const connection = new RedisLinks({});
    links.push(connection);
    const { host } = servers[index]!;
    const link = connection.apart({ host, port: port(index) });
    const callAll = async (requests: readonly (readonly string[])[]) => {
      const replies = await link.askBinary(requests);
      return replies.map((reply) => {
        if (reply instanceof TribError) throw reply;
        return reply;
      });
    };
    return { callAll, call: async (...words) => (await callAll([words]))[0] };
  }

  it('carries every type, with times to live and keys of any bytes', async () => {
    const writer = client(2);
    const keys = [
      ...['\0', '\r\n', ' ', '%s', '"', '\xff\xfe', '{', '}', ''].map((part) => `{x}${part}`),
      ...Array.from({ length: 2_500 }, (_, at) => `{x}:${at}`),
    ];
    await writer.callAll(keys.map((key) => ['SET', key, `of ${key}`]));
    await writer.callAll([
      ['RPUSH', '{x}list', 'a', 'b'],
      ['SADD', '{x}set', '1', '2'],
      ['HSET', '{x}hash', 'f', 'v'],
      ['ZADD', '{x}zset', '1', 'm'],
      ['XADD', '{x}stream', '1-1', 'f', 'v'],
      ['PEXPIREAT', '{x}:7', '99999999999999'],
    ]);
    const before = keysIn(2, SLOT);
    const events = await move(2, 0, [SLOT], { moving: { batchKeysMax: 300 } });
    await owns(0, SLOT);
    expect(keysIn(0, SLOT))
      .to.equal(before)
      .and.to.equal(keys.length + 5);
    expect(keysIn(2, SLOT)).to.equal(0);
    const reader = client(0);
    const [value, list, stream, time] = await reader.callAll([
      ['GET', '{x}\xff\xfe'],
      ['LRANGE', '{x}list', '0', '-1'],
      ['XLEN', '{x}stream'],
      ['PEXPIRETIME', '{x}:7'],
    ]);
    expect(value).to.equal('of {x}\xff\xfe');
    expect(list).to.deep.equal(['a', 'b']);
    expect(stream).to.equal(1);
    // What travels is the time that is left.
    expect(time).to.be.closeTo(99999999999999, 5_000);
    const done = events.find((event) => event.kind === 'moves-done');
    expect(done).to.include({ slotsDone: 1, keysDone: before });
    await move(0, 2, [SLOT]);
    await owns(2, SLOT);
    // What follows names keys on the command line.
    await writer.callAll(keys.slice(0, 9).map((key) => ['DEL', key]));
  });

  describe('whatever a run before it has left', () => {
    const states: readonly [string, (from: number, to: number) => void | Promise<void>][] = [
      ['only the target importing', (from, to) => mark(to, 'IMPORTING', from)],
      ['only the source migrating', (from, to) => mark(from, 'MIGRATING', to)],
      [
        'both, and half of the keys gone',
        (from, to) => {
          mark(to, 'IMPORTING', from);
          mark(from, 'MIGRATING', to);
          redisCli(port(from), 'MIGRATE', '127.0.0.1', String(port(to)), '{x}:7', '0', '5000');
        },
      ],
      [
        'the target told, and the source not',
        (from, to) => {
          moveByHand(from, to);
          mark(to, 'NODE', to);
        },
      ],
      [
        'the slot gone, and a key left behind',
        async (from, to) => {
          redisCli(port(from), 'DEL', '{x}:39');
          moveByHand(from, to);
          mark(to, 'NODE', to);
          mark(from, 'NODE', to);
          mark(from, 'IMPORTING', to);
          await client(from).callAll([['ASKING'], ['SET', '{x}:39', 'v']]);
          mark(from, 'STABLE');
        },
      ],
    ];
    const mark = (index: number, state: string, peer?: number): void => {
      const id = peer === undefined ? [] : [redisCli(port(peer), 'CLUSTER', 'MYID')];
      redisCli(port(index), 'CLUSTER', 'SETSLOT', String(SLOT), state, ...id);
    };
    const moveByHand = (from: number, to: number): void => {
      mark(to, 'IMPORTING', from);
      mark(from, 'MIGRATING', to);
      const keys = redisCli(port(from), 'CLUSTER', 'GETKEYSINSLOT', String(SLOT), '9999');
      redisCli(
        port(from),
        ...['MIGRATE', '127.0.0.1', String(port(to)), '', '0', '5000', 'KEYS'],
        ...keys.split('\n'),
      );
    };
    for (const [name, make] of states) {
      it(`goes on from ${name}`, async () => {
        const writer = client(2);
        await writer.callAll(Array.from({ length: 40 }, (_, at) => ['SET', `{x}:${at}`, 'v']));
        const before = keysIn(2, SLOT);
        await make(2, 1);
        await move(2, 1, [SLOT, SLOT + 1]);
        await owns(1, SLOT);
        expect(keysIn(1, SLOT)).to.equal(before);
        expect(keysIn(2, SLOT)).to.equal(0);
        await move(1, 2, [SLOT, SLOT + 1]);
        await owns(2, SLOT);
      });
    }
  });

  it('story 3: takes a key that is at both ends for the same only when it is', async () => {
    const [source, target] = [client(2), client(1)];
    await source.callAll([
      ['SET', '{x}:same', '1'],
      ['SET', '{x}:other', 'here'],
    ]);
    const sourceId = redisCli(port(2), 'CLUSTER', 'MYID');
    redisCli(port(1), 'CLUSTER', 'SETSLOT', String(SLOT), 'IMPORTING', sourceId);
    await target.callAll([['ASKING'], ['SET', '{x}:same', '1']]);
    await move(2, 1, [SLOT]);
    await owns(1, SLOT);
    await move(1, 2, [SLOT]);
    await owns(2, SLOT);

    redisCli(port(1), 'CLUSTER', 'SETSLOT', String(SLOT), 'IMPORTING', sourceId);
    await target.callAll([['ASKING'], ['SET', '{x}:other', 'there']]);
    const before = keysIn(2, SLOT);
    const refused = await failureOf(move(2, 1, [SLOT], { moving: { batchKeysMax: 5 } }));
    expect(refused.code).to.equal('REFUSED');
    expect(refused.message).to.include(`Slot ${SLOT}: 1 keys are at`);
    expect(refused.hints.join()).to.include('{x}:other').and.to.include('--replace');
    expect(keysIn(2, SLOT) + keysIn(1, SLOT)).to.equal(before + 1);
    await move(2, 1, [SLOT], { moving: { replace: true } });
    await owns(1, SLOT);
    expect(await client(1).call('GET', '{x}:other')).to.equal('here');
    await move(1, 2, [SLOT]);
    await owns(2, SLOT);
  });

  it('story 2: finds a big key before anything is changed, and fails, skips or moves as told', async () => {
    const writer = client(2);
    await writer.call('SET', '{x}:big', 'x'.repeat(3_000_000));
    const rule = (decision: 'move' | 'skip' | 'fail') => ({
      moving: { bigKeys: { limitBytes: 1_000_000, onBigKey: decision } },
    });
    const refused = await failureOf(move(2, 1, [SLOT, SLOT + 1], rule('fail')));
    expect(refused.code).to.equal('REFUSED');
    expect(refused.hints.join()).to.include('{x}:big');
    expect(openMarks(1) + openMarks(2)).to.equal('');

    await move(2, 1, [SLOT, SLOT + 1], rule('skip'));
    await owns(1, SLOT + 1);
    await owns(2, SLOT);
    const events = await move(2, 1, [SLOT], rule('move'));
    await owns(1, SLOT);
    expect(events.find((event) => event.kind === 'big-key')).to.include({ key: '{x}:big' });
    await move(1, 2, [SLOT, SLOT + 1]);
    await owns(2, SLOT + 1);
    await writer.call('DEL', '{x}:big');
  });

  it('leaves open only the slot it failed at, and says so', async () => {
    const writer = client(2);
    await writer.call('SET', '{a}', 'v');
    redisCli(port(1), 'CONFIG', 'SET', 'maxmemory', '1');
    const slots = [slotOfKey('{foo}'), SLOT, slotOfKey('{a}')];
    const failed = await failureOf(move(2, 1, slots));
    expect(failed.message).to.include('OOM');
    expect(failed.hints.join()).to.include('maxmemory');
    redisCli(port(1), 'CONFIG', 'SET', 'maxmemory', '0');
    expect(openMarks(1) + openMarks(2), 'nothing had left: all is closed').to.equal('');
    for (const slot of slots.slice(1)) await owns(2, slot);
    await move(2, 1, slots);
    for (const slot of slots) await owns(1, slot);
    await move(1, 2, slots);
    for (const slot of slots) await owns(2, slot);
  });

  it('begins nothing new once it is interrupted, and leaves no slot open', async () => {
    const controller = new AbortController();
    const slots = Array.from({ length: 60 }, (_, at) => 16_000 + at);
    let moved = 0;
    const moving: Partial<Moving> = {
      windowSlots: 3,
      journal: {
        opening: () => Promise.resolve(),
        moved: () => {
          if (++moved === 5) controller.abort();
        },
      },
    };
    const stopped = await failureOf(move(2, 1, slots, { moving, signal: controller.signal }));
    expect(stopped.code).to.equal('INTERRUPTED');
    expect(openMarks(1) + openMarks(2)).to.equal('');
    expect(moved).to.be.at.least(5).and.below(60);
    await waitUntil('all agree', () => new Set(slots.map((slot) => ownerAt(0, slot))).size === 2);
    await move(2, 1, slots.slice(moved));
    for (const slot of [slots[0]!, slots.at(-1)!]) await owns(1, slot);
    await move(1, 2, slots);
    await owns(2, slots.at(-1)!);
  });

  it('story 1: sends keys again, one by one, when both ends lose each other, and leaves no slot open', async () => {
    const writer = client(2);
    await writer.callAll(Array.from({ length: 30 }, (_, at) => ['SET', `{x}:${at}`, 'v']));
    const before = keysIn(2, SLOT);
    const moving: Partial<Moving> = { migrateTimeoutMs: 200, batchKeysMax: 10 };
    const flaky = await startFlakyProxy(port(1), 2);
    try {
      await move(2, 1, [SLOT], { moving, meetAt: flaky.port });
      await owns(1, SLOT);
      expect(flaky.dropped()).to.equal(2);
      expect(keysIn(1, SLOT)).to.equal(before);
      await move(1, 2, [SLOT]);
      await owns(2, SLOT);
    } finally {
      await flaky.stop();
    }
    const dead = await startFlakyProxy(port(1), Infinity);
    try {
      const failed = await failureOf(move(2, 1, [SLOT], { moving, meetAt: dead.port }));
      expect(failed.message).to.include(`Slot ${SLOT} did not go from`).and.to.include('IOERR');
      expect(openMarks(1) + openMarks(2), 'nothing had left: it is closed').to.equal('');
      expect(keysIn(2, SLOT)).to.equal(before);
    } finally {
      await dead.stop();
    }
  });

  it('keeps to a rate', async () => {
    const writer = client(2);
    await writer.callAll(Array.from({ length: 200 }, (_, at) => ['SET', `{x}:${at}`, 'v']));
    const keys = keysIn(2, SLOT);
    const events = await move(2, 1, [SLOT], {
      moving: { rate: { unit: 'keys', perSecond: keys * 2 }, batchKeysMax: 10 },
    });
    const done = events.find((event) => event.kind === 'moves-done')!;
    // A lower bound: the last batch may leave at once, all before it take their half second.
    expect(done.elapsedMs).to.be.at.least(400);
    await move(1, 2, [SLOT]);
    await owns(2, SLOT);
  });

  describe('with passwords', () => {
    const everybody = (...args: string[]): void => {
      for (const server of servers) redisCli(server.port, ...args);
    };
    after(() => {
      for (const { port: at } of servers) {
        redisCli(at, '--no-auth-warning', '-a', 'pass word%', 'CONFIG', 'SET', 'requirepass', '');
      }
    });

    it('story 5: logs in on the way from source to target in every form there is', async () => {
      const writer = client(2);
      await writer.call('SET', '{x}', 'v');
      everybody('ACL', 'SETUSER', 'operator', 'on', '>secret 1', '~*', '&*', '+@all');
      everybody('ACL', 'SETUSER', 'nopass', 'on', 'nopass', '~*', '&*', '+@all');
      const logins = [
        undefined,
        { username: 'operator', password: 'secret 1' },
        { username: 'nopass', password: '' },
        { password: 'not needed' },
      ];
      for (const login of logins) {
        await move(2, 1, [SLOT], login ? { login } : {});
        await move(1, 2, [SLOT], login ? { login } : {});
      }
      everybody('CONFIG', 'SET', 'requirepass', 'pass word%');
      await move(2, 1, [SLOT], { login: { password: 'pass word%' } });
      await move(1, 2, [SLOT], { login: { password: 'pass word%' } });
    });
  });

  describe('at the very end', () => {
    it('story 6: a source that gives its last slot away follows the target, and that is success', async () => {
      const own = Array.from({ length: 5_461 }, (_, at) => at);
      await move(0, 1, own);
      await waitUntil('the first follows the second', () =>
        redisCli(port(0), 'CLUSTER', 'NODES').includes('myself,slave'),
      );
      await waitUntil(
        'the cluster is well',
        () => clusterInfo(servers[2]!, 'cluster_state') === 'ok',
      );
    });
  });
});

async function failureOf(work: Promise<unknown>): Promise<TribError> {
  try {
    await work;
  } catch (error) {
    expect(error).to.be.instanceOf(TribError);
    return error as TribError;
  }
  throw new Error('it was expected to fail');
}

/** Hangs up on so many connections when their first byte comes, and passes the others on. */
async function startFlakyProxy(target: number, drops: number) {
  let dropped = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    sockets.add(near);
    near.on('error', () => undefined);
    near.once('data', (first) => {
      if (dropped < drops) {
        dropped++;
        near.destroy();
        return;
      }
      const far = connect(target, '127.0.0.1');
      sockets.add(far);
      far.on('error', () => undefined);
      far.write(first);
      near.pipe(far).pipe(near);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    dropped: () => dropped,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
