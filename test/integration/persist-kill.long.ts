/**
 * kill -9 at any moment: while commands are appended, while the append-only file is rewritten, while an RDB
 * file is saved. What comes back holds everything that was acknowledged (always), or all of it but the
 * last two seconds (everysec), and files are whole.
 *
 * Bounded: ROUNDS kills each, a second or two apart. The moments are drawn from a seed that is printed.
 */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { Prng } from '../../src/lib/kernel/prng.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer } from '../support/real-server.js';
import { newFolder, startNodeProcess, stopAll } from '../node/server/process/node-process.js';
import { RespClient, show } from '../node/resp-client.js';
import { check, Disk } from './persist-support.js';

const ROUNDS = 6;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const PIPELINE = 20;

interface Acknowledged {
  readonly number: number;
  readonly atMs: number;
}

describe(`kill -9 (SEED=${seed})`, function () {
  this.timeout(300_000);
  const prng = new Prng(seed, 1, 2);
  const disks: Disk[] = [];
  afterEach(async () => {
    await stopAll();
    for (const disk of disks.splice(0)) await disk.clear();
  });

  /** Writes numbered keys, each with its number, until the connection ends. */
  async function writeUntilGone(client: RespClient, from: number): Promise<Acknowledged[]> {
    const acknowledged: Acknowledged[] = [];
    for (let number = from; !client.isClosed; number += PIPELINE) {
      const replies = Array.from({ length: PIPELINE }, (_, at) => {
        const key = number + at;
        return client.call('SET', `key:${key}`, `${key}:${'x'.repeat(key % 500)}`).then((reply) => {
          expect(show(reply)).to.equal('+OK');
          acknowledged.push({ number: key, atMs: Date.now() });
        });
      });
      await Promise.allSettled(replies);
    }
    return acknowledged;
  }

  const works = {
    'commands are appended': () => Promise.resolve(),
    'the append-only file is rewritten': async (client: RespClient) => {
      while (!client.isClosed) await client.call('BGREWRITEAOF').catch(() => undefined);
    },
    'an RDB file is saved': async (client: RespClient) => {
      while (!client.isClosed) await client.call('SAVE').catch(() => undefined);
    },
  };

  for (const policy of ['always', 'everysec'] as const) {
    for (const [name, work] of Object.entries(works)) {
      it(`while ${name}, appendfsync ${policy}`, async () => {
        const dir = newFolder();
        const port = await freePort();
        const words = ['--port', String(port), '--appendonly', 'yes', '--appendfsync', policy];
        let all: Acknowledged[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const { child, ended } = await startNodeProcess(words, dir);
          const reader = await RespClient.open(port);
          const from = (all.at(-1)?.number ?? -1) + 1 + PIPELINE;
          await expectAll(reader, all, policy === 'always' ? Infinity : lastMs(all) - 2000);
          const writer = await RespClient.open(port);
          const worker = await RespClient.open(port);
          const written = writeUntilGone(writer, from);
          const worked = work(worker);
          await new Promise((resolve) => setTimeout(resolve, 100 + prng.below(900)));
          child.kill('SIGKILL');
          await ended;
          for (const client of [reader, writer, worker]) client.close();
          await worked;
          all = [...all, ...(await written)];
        }
        const disk = new Disk();
        disks.push(disk);
        const last = await disk.start('embedded', { appendonly: 'yes' }, dir);
        await expectAll(last.client, all, policy === 'always' ? Infinity : lastMs(all) - 2000);
        const digest = await last.digest();
        await last.end();
        expect(all.length).to.be.above(ROUNDS * PIPELINE);
        if (!hasRedisServer()) return;
        check('redis-check-aof', `${dir}/appendonlydir/appendonly.aof.manifest`);
        if (readdirSync(dir).includes('dump.rdb')) check('redis-check-rdb', `${dir}/dump.rdb`);
        const real = await disk.start('real', { appendonly: 'yes' }, dir);
        expect(await real.digest()).to.equal(digest);
      });
    }
  }

  /** Every key acknowledged before that moment is there, with its value. */
  async function expectAll(
    client: RespClient,
    all: readonly Acknowledged[],
    beforeMs: number,
  ): Promise<void> {
    for (const { number, atMs } of all) {
      if (atMs > beforeMs) continue;
      const reply = await client.call('GET', `key:${number}`);
      const value = reply.kind === 'bulk' ? reply.text : show(reply);
      expect(value, `key:${number}`).to.equal(`${number}:${'x'.repeat(number % 500)}`);
    }
  }
});

function lastMs(all: readonly Acknowledged[]): number {
  return all.at(-1)?.atMs ?? 0;
}
