/** Slots that move whole: both dialects, by the drivers of the tool, between embedded nodes, under writes. */
import { expect } from 'chai';
import { Cluster as IoredisCluster } from 'ioredis';
import { TribError } from '../../src/lib/kernel/errors.js';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { startCluster, type Cluster } from '../../src/testing.js';
import { moveBetween, type MoveOptions } from '../support/moving.js';

const TAGS = Array.from({ length: 400 }, (_, at) => `{t${at}}`);
const ATOMIC: MoveOptions = { moving: { way: 'atomic' }, deadlineMs: 20_000 };

describe('slots that move whole', function () {
  this.timeout(60_000);
  const clusters: Cluster[] = [];
  const clients: IoredisCluster[] = [];
  afterEach(async () => {
    clients.splice(0).forEach((client) => client.disconnect());
    await Promise.all(clusters.splice(0).map((cluster) => cluster.stop()));
  });

  async function start(persona: 'valkey-9' | 'redis-8.4' | 'redis-7.0') {
    const cluster = await startCluster({ primaries: 3, persona });
    clusters.push(cluster);
    const seeds = cluster.addresses.map((address) => {
      const [host = '', port = ''] = address.split(':');
      return { host, port: Number(port) };
    });
    const client = new IoredisCluster(seeds);
    client.on('error', () => undefined);
    clients.push(client);
    return { cluster, client, nodes: cluster.nodes };
  }

  for (const persona of ['valkey-9', 'redis-8.4'] as const) {
    it(`loses no write that was acknowledged, and nobody is sent to ask elsewhere (${persona})`, async () => {
      const { client, nodes } = await start(persona);
      const [first, , last] = nodes;
      const slots = [...new Set(TAGS.map(slotOfKey))].filter((slot) => slot > 10_922);
      const counters = TAGS.map((tag) => `${tag}:n`);
      const acknowledged = new Map<string, number>();
      const over = new AbortController();
      const writing = (async () => {
        while (!over.signal.aborted) {
          await Promise.all(
            counters.map(async (key) => acknowledged.set(key, await client.incr(key))),
          );
        }
      })();
      const out = await moveBetween(last!.port, first!.port, slots, ATOMIC);
      const back = await moveBetween(first!.port, last!.port, slots, ATOMIC);
      over.abort();
      await writing;
      for (const events of [out, back]) {
        expect(events.filter(({ kind }) => kind === 'slot-moved')).to.have.length(slots.length);
      }
      for (const [key, value] of acknowledged) {
        expect(Number(await client.get(key)), key).to.equal(value);
      }
    });
  }

  it('is no way between servers that do not have it in common', async () => {
    const { nodes } = await start('redis-7.0');
    const [first, , last] = nodes;
    const refused = await failureOf(moveBetween(last!.port, first!.port, [16_000], ATOMIC));
    expect(refused.code).to.equal('REFUSED');
    expect(refused.message).to.include('no atomic slot migration in common');
  });

  it('an interruption calls the migration back: all slots stay, none is half moved', async () => {
    const { client, nodes } = await start('valkey-9');
    const [first, , last] = nodes;
    await Promise.all(
      Array.from({ length: 20_000 }, (_, at) => client.set(`{t3}${at}`, 'x'.repeat(50))),
    );
    const slot = slotOfKey('{t3}');
    const owner = nodes[slot <= 5_460 ? 0 : slot <= 10_922 ? 1 : 2];
    const [from, to] = owner === last ? [last!, first!] : [owner!, last!];
    const controller = new AbortController();
    const moving: MoveOptions = {
      ...ATOMIC,
      signal: controller.signal,
      moving: {
        way: 'atomic',
        journal: {
          opening: () => {
            controller.abort();
            return Promise.resolve();
          },
          moved: () => undefined,
        },
      },
    };
    const stopped = await failureOf(moveBetween(from.port, to.port, [slot], moving));
    expect(stopped.code).to.equal('INTERRUPTED');
    expect(await client.get('{t3}19999')).to.equal('x'.repeat(50));
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
