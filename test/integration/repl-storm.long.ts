/**
 * Chains of replicas of both makes under random writes of every type, with expiry and eviction, while links
 * are cut and roles change at random. In the end all hold the same, to the byte of the offset.
 */
import { expect } from 'chai';
import { Prng } from '../../src/lib/kernel/prng.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import {
  equal,
  field,
  follow,
  info,
  linked,
  type Make,
  type Server,
  Servers,
  writeLoad,
} from './repl-support.js';

const TOPOLOGIES: readonly (readonly Make[])[] = [
  ['real', 'embedded', 'real'],
  ['embedded', 'real', 'embedded'],
  ['embedded', 'embedded', 'real'],
];

const ROUNDS = 6;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const ROOM_BYTES = 10_000;
/** Their load selects among so many. */
const DATABASES_WRITTEN = 3;
/** Expiries of the load are 30 ms at most, or 500 s at least. */
const LASTING_MS = 60_000;

describe(`a storm of writes, cuts and changes of roles (SEED=${seed})`, function () {
  const servers = new Servers();
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(() => servers.stop());

  for (const makes of TOPOLOGIES) {
    it(`${makes.join(' -> ')}: ends with the same data everywhere`, async () => {
      const prng = new Prng(seed, 1, 2);
      const chain: Server[] = [];
      for (const make of makes) {
        chain.push(
          await servers.start(make, {
            'maxmemory-policy': 'allkeys-random',
            'repl-backlog-size': '200kb',
            'repl-diskless-load': ['disabled', 'swapdb'][prng.below(2)]!,
          }),
        );
      }
      for (const [at, server] of chain.entries()) {
        if (at > 0) await follow(server, chain[at - 1]!);
        if (at > 0) await linked(server);
      }
      for (let round = 0; round < ROUNDS; round++) {
        const [top] = chain as [Server];
        if (round === 1) await limitMemory(top);
        const loads = [1, 2, 3].map((number) => writeLoad(top, prng.below(1_000_000) + number));
        for (let blow = 0; blow < 5; blow++) await strike(chain, prng);
        for (const load of loads) expect(await load.stop()).to.be.greaterThan(0);
        await settle(chain);
        if (prng.below(3) === 0) await reverse(chain);
      }
      const evicted = await Promise.all(chain.map((server) => info(server, 'stats')));
      expect(evicted.some((stats) => Number(stats.get('evicted_keys')) > 0)).to.equal(true);
    });
  }

  /** About what there is: the next writes must make room. An embedded node bounds its data alone. */
  async function limitMemory(server: Server): Promise<void> {
    const memory = await info(server, 'memory');
    const bytes =
      server.make === 'real'
        ? Number(memory.get('used_memory')) + ROOM_BYTES
        : Math.floor(Number(memory.get('used_memory_dataset')) * 0.8);
    await server.client.call('CONFIG', 'SET', 'maxmemory', String(bytes));
  }

  /** A cut, somewhere. */
  async function strike(chain: readonly Server[], prng: Prng): Promise<void> {
    const victim = chain[prng.below(chain.length)]!;
    const type = ['replica', 'master'][prng.below(2)]!;
    await victim.client.call('CLIENT', 'KILL', 'TYPE', type);
    await new Promise((resolve) => setTimeout(resolve, prng.below(120)));
  }

  async function settle(chain: readonly Server[]): Promise<void> {
    // What expires later would make the digests differ between two askings.
    const [top] = chain as [Server];
    await waitUntil('what expires soon has expired', () => isLasting(top));
    for (const replica of chain.slice(1)) await linked(replica);
    await equal(top, ...chain.slice(1));
    const ids = await Promise.all(chain.map((server) => field(server, 'master_replid')));
    expect(new Set(ids).size).to.equal(1);
  }

  /** No key goes by itself before the digests have been compared, and none that has is still counted. */
  async function isLasting({ client }: Server): Promise<boolean> {
    try {
      for (let db = 0; db < DATABASES_WRITTEN; db++) {
        await client.call('SELECT', String(db));
        const keys = textsOf(await client.call('KEYS', '*'));
        const left = await Promise.all(keys.map((key) => client.call('PTTL', key)));
        // -1: never. -2: it has just gone.
        const ms = left.map(numberOf);
        if (ms.some((each) => each !== -1 && each < LASTING_MS)) return false;
        if (numberOf(await client.call('DBSIZE')) !== keys.length) return false;
      }
      return true;
    } finally {
      await client.call('SELECT', '0');
    }
  }

  /** The last becomes the first. */
  async function reverse(chain: Server[]): Promise<void> {
    chain.reverse();
    await chain[0]!.client.call('REPLICAOF', 'NO', 'ONE');
    for (const [at, server] of chain.entries()) if (at > 0) await follow(server, chain[at - 1]!);
    for (const server of chain.slice(1)) await linked(server);
  }
});

function numberOf(reply: Reply): number {
  if (reply.kind !== 'integer') throw new Error(`no integer, but ${reply.kind}`);
  return Number(reply.value);
}

function textsOf(reply: Reply): string[] {
  if (reply.kind !== 'array') throw new Error(`no array, but ${reply.kind}`);
  return reply.items.map((item) => (item.kind === 'bulk' ? item.text : ''));
}
