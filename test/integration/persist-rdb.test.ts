/** RDB files of an embedded node: real servers read them, and it reads theirs. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { TribError } from '../../src/lib/kernel/errors.js';
import { startNode } from '../../src/lib/node/server/node.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { check, Disk, fill, type Make } from './persist-support.js';

describe('an RDB file', () => {
  let disk: Disk;

  beforeEach(() => (disk = new Disk()));
  afterEach(() => disk.clear());

  const pairs: readonly (readonly [Make, Make])[] = [
    ['embedded', 'real'],
    ['real', 'embedded'],
    ['embedded', 'embedded'],
  ];
  for (const [writer, reader] of pairs) {
    for (const command of ['SAVE', 'BGSAVE'] as const) {
      it(`${command} of the ${writer} one is what the ${reader} one starts with`, async function () {
        if (!hasRedisServer()) this.skip();
        const first = await disk.start(writer);
        await fill(first);
        const digest = await first.digest();
        await first.ask(command);
        await waitUntil('it is saved', async () => {
          return (await first.info('rdb_bgsave_in_progress')) === '0';
        });
        expect(await first.info('rdb_changes_since_last_save')).to.equal('0');
        await first.kill();
        if (writer === 'embedded')
          expect(check('redis-check-rdb', disk.path('dump.rdb'))).to.match(/RDB looks OK/);
        const second = await disk.start(reader);
        expect(await second.digest()).to.equal(digest);
        expect(await second.info('rdb_last_load_keys_loaded')).to.equal('311');
        expect(await second.info('rdb_changes_since_last_save')).to.equal('0');
      });
    }
  }

  it('has everything as of one moment, whatever clients change while it is written', async () => {
    const node = await disk.start('embedded');
    await fill(node, 5000);
    const digest = await node.digest();
    const saved = node.client.call('SAVE');
    const changes = Array.from({ length: 5000 }, (_, at) => {
      return node.client.call(
        at % 3 === 0 ? 'DEL' : 'SET',
        `key:${at}`,
        ...(at % 3 === 0 ? [] : ['new']),
      );
    });
    expect((await saved).kind).to.equal('status');
    await Promise.all(changes);
    expect(await node.digest()).not.to.equal(digest);
    await node.kill();
    const again = await disk.start('embedded');
    expect(await again.digest()).to.equal(digest);
  });

  it('is written at save points, and by SHUTDOWN where there are any', async () => {
    const node = await disk.start('embedded', { save: '1 2' });
    await node.ask('SET', 'a', '1');
    expect(existsSync(disk.path('dump.rdb'))).to.equal(false);
    await node.ask('SET', 'b', '2');
    await waitUntil('the save point has come', () => existsSync(disk.path('dump.rdb')));
    await waitUntil('it counts as saved', async () => {
      return (await node.info('rdb_changes_since_last_save')) === '0';
    });
    await node.ask('SET', 'c', '3');
    await node.end();
    const again = await disk.start('embedded', { save: '' });
    expect(await again.ask('DBSIZE')).to.equal(':3');
    await again.ask('SET', 'd', '4');
    await again.end();
    const last = await disk.start('embedded');
    expect(await last.ask('DBSIZE')).to.equal(':3');
    expect(readdirSync(disk.dir)).to.deep.equal(['dump.rdb']);
  });

  it('a primary leaves out keys whose time has come', async () => {
    const node = await disk.start('embedded');
    await node.ask('SET', 'short', '1', 'PX', '40');
    await node.ask('SET', 'long', '1', 'PX', '400000');
    await node.ask('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    await node.ask('SAVE');
    await node.kill();
    await waitUntil('the time has come', async () => {
      const again = await disk.start('embedded');
      const expired = await again.info('rdb_last_load_keys_expired');
      const left = await again.ask('KEYS', '*');
      await again.kill();
      return expired === '1' && left === 'array[$"long"]';
    });
  });

  it('FLUSHALL empties the file as well, where there are save points', async () => {
    const node = await disk.start('embedded', { save: '3600 1' });
    await fill(node, 10);
    await node.ask('SAVE');
    await node.ask('FLUSHALL');
    await node.kill();
    const again = await disk.start('embedded');
    expect(await again.ask('DBSIZE')).to.equal(':0');
  });

  it('DEBUG RELOAD goes through the file; MERGE lets it win, NOFLUSH alone refuses keys twice', async () => {
    const node = await disk.start('embedded');
    await fill(node);
    const digest = await node.digest();
    expect(await node.ask('DEBUG', 'RELOAD')).to.equal('+OK');
    expect(await node.digest()).to.equal(digest);
    await node.ask('SET', 'key:1', 'changed');
    await node.ask('SET', 'fresh', '1');
    expect(await node.ask('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH', 'MERGE')).to.equal('+OK');
    expect(await node.ask('GET', 'fresh')).to.equal('$"1"');
    expect(await node.ask('GET', 'key:1')).not.to.equal('$"changed"');
    expect(await node.ask('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH')).to.match(/^-ERR Error trying/);
    expect(await node.ask('DEBUG', 'RELOAD', 'NOSAVE')).to.equal('+OK');
    expect(await node.digest()).to.equal(digest);
  });

  it('that cannot be written is told, refuses writes, and is mended by a save that works', async () => {
    const node = await disk.start('embedded', { save: '3600 1' });
    await node.ask('SET', 'a', '1');
    await node.ask('SAVE');
    const before = readFileSync(disk.path('dump.rdb'));
    // A folder by the name of the file can be replaced by nobody, root or not.
    await node.ask('CONFIG', 'SET', 'dbfilename', 'folder');
    mkdirSync(disk.path('folder'));
    expect(await node.ask('SAVE')).to.equal('-ERR ');
    expect(await node.ask('SET', 'a', '2')).to.equal('+OK');
    await node.ask('BGSAVE');
    await waitUntil('it has failed', async () => {
      return (await node.info('rdb_last_bgsave_status')) === 'err';
    });
    expect(await node.ask('SET', 'a', '3')).to.match(/^-MISCONF Redis is configured to save RDB/);
    expect(await node.ask('PING')).to.match(/^-MISCONF/);
    expect(await node.ask('GET', 'a')).to.equal('$"2"');
    expect(await node.ask('SHUTDOWN')).to.equal('-ERR Errors trying to SHUTDOWN. Check logs.');
    await node.ask('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
    expect(await node.ask('SET', 'a', '3')).to.equal('+OK');
    await node.ask('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'yes');
    expect(await node.ask('SET', 'a', '4')).to.match(/^-MISCONF/);
    expect(readFileSync(disk.path('dump.rdb'))).to.deep.equal(before);
    rmSync(disk.path('folder'), { recursive: true });
    expect(await node.ask('SAVE')).to.equal('+OK');
    expect(await node.ask('SET', 'a', '4')).to.equal('+OK');
    expect(readdirSync(disk.dir).sort()).to.deep.equal(['dump.rdb', 'folder']);
  });

  it('that cannot be written ends a replica, unless it is told to ignore that', async () => {
    const primary = await disk.start('embedded');
    for (const ignores of ['yes', 'no']) {
      const dir = disk.path(`replica-${ignores}`);
      mkdirSync(dir);
      const config = {
        save: '3600 1000',
        replicaof: `127.0.0.1 ${primary.port}`,
        'replica-ignore-disk-write-errors': ignores,
      };
      const replica = await disk.start('embedded', config, dir);
      await replica.ask('CONFIG', 'SET', 'dbfilename', 'folder');
      mkdirSync(`${dir}/folder`);
      await waitUntil('it follows', async () => (await replica.ask('PING')) === '+PONG');
      await primary.ask('SET', 'before', ignores);
      await waitUntil('it follows', async () => {
        return (await replica.ask('GET', 'before')) === `$"${ignores}"`;
      });
      await replica.ask('BGSAVE');
      await waitUntil('it has failed', async () => {
        return (await replica.info('rdb_last_bgsave_status')) === 'err';
      });
      await primary.ask('SET', 'after', ignores);
      if (ignores === 'yes') {
        await waitUntil('it follows all the same', async () => {
          return (await replica.ask('GET', 'after')) === '$"yes"';
        });
        expect(replica.log()).to.contain('cannot be written to disk here');
      } else {
        await replica.node!.ended;
        expect(replica.node!.failure).to.match(/cannot write that to its disk/);
      }
      await replica.kill();
    }
  });

  it('that is not sound keeps a node from starting, and stays as it is', async () => {
    const node = await disk.start('embedded');
    await fill(node, 50);
    await node.ask('SAVE');
    await node.kill();
    const path = disk.path('dump.rdb');
    const sound = readFileSync(path);
    const flipped = Buffer.from(sound);
    flipped[sound.length >> 1]! ^= 1;
    for (const bytes of [
      flipped,
      sound.subarray(0, -20),
      Buffer.from('nonsense'),
      Buffer.alloc(0),
    ]) {
      writeFileSync(path, bytes);
      const error = await startNode({ port: 0, dir: disk.dir }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(TribError);
      expect((error as TribError).code).to.equal('CORRUPT_FILE');
      expect((error as TribError).message).to.contain(path);
      expect(readFileSync(path)).to.deep.equal(Buffer.from(bytes));
    }
  });
});
