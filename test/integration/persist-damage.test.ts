/**
 * Files that were cut or changed by one byte anywhere: a start says clearly what is wrong, or goes on from
 * what is whole. It never crashes, leaves what it refuses alone, and never loads other data where
 * a checksum would tell.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { TribError } from '../../src/lib/kernel/errors.js';
import { startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { type Config, Disk, fill } from './persist-support.js';

type Outcome =
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'serves'; readonly digest: string; readonly keys: number };

/** What becomes of a start from a copy of a folder with one file changed. */
class Damaged {
  readonly #disk: Disk;
  readonly #config: Config;
  readonly #isCluster: boolean;
  readonly #from: string;
  readonly #name: string;
  readonly sound: Buffer;

  constructor(disk: Disk, name: string, config: Config, isCluster = false) {
    this.#disk = disk;
    this.#name = name;
    this.#config = config;
    this.#isCluster = isCluster;
    this.#from = disk.path(isCluster ? 'cluster' : 'sound');
    this.sound = readFileSync(`${this.#from}/${name}`);
  }

  async start(bytes: Buffer): Promise<Outcome> {
    const dir = this.#disk.path('damaged');
    rmSync(dir, { recursive: true, force: true });
    cpSync(this.#from, dir, { recursive: true });
    const path = `${dir}/${this.#name}`;
    writeFileSync(path, bytes);
    try {
      const node = await startNode({
        port: 0,
        dir,
        cluster: this.#isCluster,
        config: { 'enable-debug-command': 'local', ...this.#config },
      });
      const client = await RespClient.open(node.port);
      const digest = show(await client.call('DEBUG', 'DIGEST'));
      const keys = await client.call('DBSIZE');
      client.close();
      await node.kill();
      return { kind: 'serves', digest, keys: keys.kind === 'integer' ? Number(keys.value) : -1 };
    } catch (error) {
      if (!(error instanceof TribError)) throw error;
      expect(error.code).to.equal('CORRUPT_FILE');
      expect(readFileSync(path).equals(bytes)).to.equal(true);
      return { kind: 'refused', message: error.message };
    }
  }

  /** One byte is another one. */
  flipped(at: number, mask: number): Buffer {
    const bytes = Buffer.from(this.sound);
    bytes[at % bytes.length]! ^= mask;
    return bytes;
  }

  cut(at: number): Buffer {
    return this.sound.subarray(0, at % this.sound.length);
  }
}

const place = fc.nat();
const mask = fc.integer({ min: 1, max: 255 });

describe('damaged files', () => {
  const disk = new Disk();
  let digest = '';

  before(async () => {
    mkdirSync(disk.path('sound'));
    const node = await disk.start('embedded', { appendonly: 'yes' }, disk.path('sound'));
    await fill(node, 30);
    await node.ask('BGREWRITEAOF');
    await node.ask('RPUSH', 'list', 'a', 'b', 'c');
    await node.ask('ZADD', 'zset', '1.5', 'a', '2', 'b');
    await node.ask('SAVE');
    digest = await node.digest();
    await node.end();
  });
  after(() => disk.clear());

  it('an RDB file that is not what was written is refused, or was not changed where it matters', async () => {
    const file = new Damaged(disk, 'dump.rdb', {});
    await fc.assert(
      fc.asyncProperty(place, mask, async (at, bits) => {
        const outcome = await file.start(file.flipped(at, bits));
        if (outcome.kind === 'serves') expect(outcome.digest).to.equal(digest);
        const cut = await file.start(file.cut(at));
        expect(cut.kind).to.equal('refused');
      }),
      { numRuns: 60 },
    );
  });

  it('the base of an append-only file has a checksum too', async () => {
    const file = new Damaged(disk, 'appendonlydir/appendonly.aof.2.base.rdb', {
      appendonly: 'yes',
    });
    await fc.assert(
      fc.asyncProperty(place, mask, async (at, bits) => {
        const outcome = await file.start(file.flipped(at, bits));
        if (outcome.kind === 'serves') expect(outcome.digest).to.equal(digest);
        const cut = await file.start(file.cut(at));
        // An empty one is none, as to a real server.
        if (cut.kind === 'serves') expect(at % file.sound.length).to.equal(0);
      }),
      { numRuns: 40 },
    );
  });

  it('an increment cut anywhere is loaded up to there', async () => {
    const file = new Damaged(disk, 'appendonlydir/appendonly.aof.2.incr.aof', {
      appendonly: 'yes',
    });
    let before = 0;
    const cuts = Array.from({ length: 12 }, (_, at) => Math.floor((file.sound.length * at) / 11));
    for (const cut of cuts) {
      const outcome = await file.start(file.sound.subarray(0, cut));
      expect(outcome.kind).to.equal('serves');
      if (outcome.kind !== 'serves') continue;
      expect(outcome.keys).to.be.at.least(before);
      before = outcome.keys;
      if (cut === file.sound.length) expect(outcome.digest).to.equal(digest);
    }
    const strict = new Damaged(disk, 'appendonlydir/appendonly.aof.2.incr.aof', {
      appendonly: 'yes',
      'aof-load-truncated': 'no',
    });
    const outcome = await strict.start(strict.cut(strict.sound.length - 1));
    expect(outcome.kind).to.equal('refused');
  });

  it('an increment or a manifest with a byte changed is refused or loaded, and nothing else', async () => {
    for (const name of ['appendonly.aof.2.incr.aof', 'appendonly.aof.manifest']) {
      const file = new Damaged(disk, `appendonlydir/${name}`, { appendonly: 'yes' });
      await fc.assert(
        fc.asyncProperty(place, mask, async (at, bits) => {
          await file.start(file.flipped(at, bits));
          await file.start(file.cut(at));
        }),
        { numRuns: 40 },
      );
    }
  });

  it('nodes.conf with a byte changed or cut anywhere is refused or understood', async () => {
    mkdirSync(disk.path('cluster'));
    const node = await startNode({ port: 0, cluster: true, dir: disk.path('cluster') });
    const client = await RespClient.open(node.port);
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    client.close();
    await node.stop();
    const file = new Damaged(disk, 'nodes.conf', {}, true);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(place, mask, async (at, bits) => {
        if ((await file.start(file.flipped(at, bits))).kind === 'refused') refused++;
        await file.start(file.cut(at));
      }),
      { numRuns: 40 },
    );
    expect(refused).to.be.above(0);
  });
});
