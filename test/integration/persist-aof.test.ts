/** The append-only file of an embedded node: real servers start with it, and it starts with theirs. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { expect } from 'chai';
import { TribError } from '../../src/lib/kernel/errors.js';
import { startNode } from '../../src/lib/node/server/node.js';
import { encodeRequest } from '../../src/lib/wire/resp/request-encoder.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { check, Disk, fill, type Make, type Server } from './persist-support.js';

const ON = { appendonly: 'yes' };

async function rewritten(server: Server): Promise<void> {
  await waitUntil('the rewrite is over', async () => {
    return (await server.info('aof_rewrite_in_progress')) === '0';
  });
  expect(await server.info('aof_last_bgrewrite_status')).to.equal('ok');
}

/** Commands of many kinds, an unfinished one not among them. */
async function work(server: Server): Promise<void> {
  await fill(server, 60);
  await server.ask('INCR', 'counter');
  await server.ask('APPEND', 'key:1', 'more');
  await server.ask('MULTI');
  await server.ask('SET', 'in', 'transaction');
  await server.ask('INCRBYFLOAT', 'float', '0.1');
  await server.ask('EXEC');
  await server.ask('SELECT', '2');
  await server.ask('SET', 'gone', '1', 'PX', '1');
  // Told before the end, or two servers would find out at different times.
  await waitUntil('it has expired', async () => (await server.ask('GET', 'gone')) === 'nil-bulk');
  await server.ask('SET', 'kept', '1', 'EX', '1000');
  await server.ask('SELECT', '0');
  await server.ask('DEL', 'key:3', 'key:4');
  await server.ask('SETRANGE', 'key:5', '100', 'far');
}

describe('an append-only file', () => {
  let disk: Disk;

  beforeEach(() => (disk = new Disk()));
  afterEach(() => disk.clear());

  const pairs: readonly (readonly [Make, Make])[] = [
    ['embedded', 'real'],
    ['real', 'embedded'],
    ['embedded', 'embedded'],
  ];
  for (const [writer, reader] of pairs) {
    for (const preamble of ['yes', 'no']) {
      it(`of the ${writer} one is what the ${reader} one starts with, rewritten or not (aof-use-rdb-preamble ${preamble})`, async function () {
        if (!hasRedisServer()) this.skip();
        const config = { ...ON, 'aof-use-rdb-preamble': preamble, 'aof-timestamp-enabled': 'yes' };
        const first = await disk.start(writer, { ...config, appendfsync: 'always' });
        await work(first);
        const digest = await first.digest();
        await first.kill();
        if (writer === 'embedded') {
          expect(
            check('redis-check-aof', disk.path('appendonlydir', 'appendonly.aof.manifest')),
          ).to.match(/All AOF files and manifest are valid/);
        }
        const second = await disk.start(reader, config);
        expect(await second.digest()).to.equal(digest);
        await second.ask('SET', 'second', '1');
        await second.ask('BGREWRITEAOF');
        await second.ask('SET', 'while', 'rewriting');
        await rewritten(second);
        await second.ask('SET', 'after', 'it');
        const later = await second.digest();
        await second.end();
        const third = await disk.start(writer, config);
        expect(await third.digest()).to.equal(later);
        if (reader === 'embedded') {
          expect(
            check('redis-check-aof', disk.path('appendonlydir', 'appendonly.aof.manifest')),
          ).to.match(/All AOF files and manifest are valid/);
        }
      });
    }
  }

  it('has the files and the fields of INFO that those of a real server have', async function () {
    if (!hasRedisServer()) this.skip();
    const seen: string[][] = [];
    for (const make of ['real', 'embedded'] as const) {
      const here = disk.path(make);
      mkdirSync(here);
      const server = await disk.start(make, ON, here);
      await server.ask('SET', 'a', '1');
      await server.ask('BGREWRITEAOF');
      await rewritten(server);
      await waitUntil('history is gone', () => readdirSync(`${here}/appendonlydir`).length === 3);
      const files = [
        ...readdirSync(`${here}/appendonlydir`),
        readFileSync(`${here}/appendonlydir/appendonly.aof.manifest`, 'utf8'),
      ];
      const info = await server.client.call('INFO', 'persistence');
      const text = info.kind === 'bulk' || info.kind === 'verbatim' ? info.text : '';
      seen.push([...files, ...text.split('\r\n').map((line) => line.split(':')[0]!)]);
      await server.ask('CONFIG', 'SET', 'appendonly', 'no');
      await server.ask('CONFIG', 'SET', 'appendonly', 'yes');
      await rewritten(server);
      await waitUntil('history is gone', () => readdirSync(`${here}/appendonlydir`).length === 3);
      seen.at(-1)!.push(readFileSync(`${here}/appendonlydir/appendonly.aof.manifest`, 'utf8'));
      await server.kill();
    }
    expect(seen[1]).to.deep.equal(seen[0]);
  });

  it('is turned on and off while the node runs, and starts from what is there then', async () => {
    const node = await disk.start('embedded');
    await fill(node, 40);
    expect(await node.info('aof_enabled')).to.equal('0');
    expect(await node.ask('CONFIG', 'SET', 'appendonly', 'yes')).to.equal('+OK');
    expect(await node.info('aof_enabled')).to.equal('1');
    await node.ask('SET', 'during', '1');
    await rewritten(node);
    await node.ask('SET', 'after', '1');
    const digest = await node.digest();
    await node.ask('CONFIG', 'SET', 'appendonly', 'no');
    await node.ask('SET', 'off', '1');
    await node.kill();
    const again = await disk.start('embedded', ON);
    expect(await again.digest()).to.equal(digest);
  });

  it('turned on inside a transaction has its changes once', async () => {
    const node = await disk.start('embedded');
    await node.ask('MULTI');
    await node.ask('INCR', 'counter');
    await node.ask('CONFIG', 'SET', 'appendonly', 'yes');
    await node.ask('BGREWRITEAOF');
    await node.ask('BGSAVE');
    await node.ask('INCR', 'counter');
    expect(await node.ask('EXEC')).to.equal(
      'array[:1, +OK, +Background append only file rewriting scheduled, +Background saving scheduled, :2]',
    );
    await waitUntil('a base was written', async () => (await node.info('aof_rewrites')) === '1');
    await rewritten(node);
    await waitUntil('an RDB file was written', () => existsSync(disk.path('dump.rdb')));
    await node.ask('INCR', 'counter');
    await node.kill();
    const again = await disk.start('embedded', ON);
    expect(await again.ask('GET', 'counter')).to.equal('$"3"');
  });

  it('upgrades the one file of older versions, with an RDB preamble or without', async () => {
    const node = await disk.start('embedded');
    await fill(node, 40);
    await node.ask('SAVE');
    const digest = await node.digest();
    await node.kill();
    const preamble = readFileSync(disk.path('dump.rdb'));
    const tail = Buffer.from(encodeRequest(['SET', 'tail', '1']), 'latin1');
    for (const head of [preamble, Buffer.alloc(0)]) {
      rmSync(disk.path('appendonlydir'), { recursive: true, force: true });
      writeFileSync(disk.path('appendonly.aof'), Buffer.concat([head, tail]));
      const upgraded = await disk.start('embedded', ON);
      expect(await upgraded.ask('GET', 'tail')).to.equal('$"1"');
      await upgraded.ask('DEL', 'tail');
      if (head.length > 0) expect(await upgraded.digest()).to.equal(digest);
      expect(existsSync(disk.path('appendonly.aof'))).to.equal(false);
      await upgraded.kill();
      const again = await disk.start('embedded', ON);
      expect(await again.ask('GET', 'tail')).to.equal('nil-bulk');
      await again.kill();
    }
    // A crash between the new manifest and the move is made good.
    renameSync(disk.path('appendonlydir', 'appendonly.aof'), disk.path('appendonly.aof'));
    rmSync(disk.path('appendonlydir', 'appendonly.aof.1.incr.aof'));
    writeFileSync(
      disk.path('appendonlydir', 'appendonly.aof.manifest'),
      'file appendonly.aof seq 1 type b\n',
    );
    const mended = await disk.start('embedded', ON);
    expect(await mended.ask('GET', 'tail')).to.equal('$"1"');
  });

  it('is rewritten by itself when it has grown enough', async () => {
    const node = await disk.start('embedded', {
      ...ON,
      'auto-aof-rewrite-min-size': '20kb',
      'auto-aof-rewrite-percentage': '100',
    });
    await waitUntil('it was rewritten', async () => {
      for (let at = 0; at < 10; at++) await node.ask('SET', 'same', 'x'.repeat(400));
      return (await node.info('aof_rewrites')) === '1';
    });
    await rewritten(node);
    const currentBytes = Number(await node.info('aof_current_size'));
    expect(currentBytes).to.be.below(20_000);
    // A write while it was rewritten counts to both, one after it only to the present size.
    expect(Number(await node.info('aof_base_size'))).to.be.within(100, currentBytes);
  });

  it('a replica appends what it applies, and begins anew after a full sync', async () => {
    const primary = await disk.start('embedded', {}, disk.dir);
    await fill(primary, 40);
    const folder = disk.path('replica');
    mkdirSync(folder);
    const config = { ...ON, appendfsync: 'always', replicaof: `127.0.0.1 ${primary.port}` };
    const replica = await disk.start('embedded', config, folder);
    await waitUntil(
      'it follows',
      async () => (await replica.digest()) === (await primary.digest()),
    );
    await rewritten(replica);
    await work(primary);
    await waitUntil(
      'it keeps up',
      async () => (await replica.digest()) === (await primary.digest()),
    );
    const digest = await replica.digest();
    await replica.kill();
    const manifest = `${folder}/appendonlydir/appendonly.aof.manifest`;
    expect(check('redis-check-aof', manifest)).to.match(/All AOF files and manifest are valid/);
    const alone = await disk.start('embedded', ON, folder);
    expect(await alone.digest()).to.equal(digest);
  });

  it('DEBUG LOADAOF reads back what was appended', async () => {
    const node = await disk.start('embedded', ON);
    await work(node);
    const digest = await node.digest();
    expect(await node.ask('DEBUG', 'LOADAOF')).to.equal('+OK');
    expect(await node.digest()).to.equal(digest);
    await node.ask('SET', 'after', '1');
    expect(await node.ask('DEBUG', 'LOADAOF')).to.equal('+OK');
    expect(await node.ask('GET', 'after')).to.equal('$"1"');
  });

  describe('that is not sound', () => {
    const increment = (): string => disk.path('appendonlydir', 'appendonly.aof.1.incr.aof');
    const manifest = (): string => disk.path('appendonlydir', 'appendonly.aof.manifest');

    beforeEach(async () => {
      const node = await disk.start('embedded', ON);
      await node.ask('SET', 'a', '1');
      await node.end();
    });

    async function refusal(config = {}): Promise<string> {
      const before = [increment(), manifest()].map(
        (path) => existsSync(path) && readFileSync(path),
      );
      const error = await startNode({ port: 0, dir: disk.dir, config: { ...ON, ...config } }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(TribError);
      expect((error as TribError).code).to.equal('CORRUPT_FILE');
      const after = [increment(), manifest()].map((path) => existsSync(path) && readFileSync(path));
      expect(after).to.deep.equal(before);
      return (error as TribError).message;
    }

    it('loses an unfinished command and an unfinished transaction at its end, and goes on behind them', async () => {
      const whole = readFileSync(increment());
      const set = encodeRequest(['SET', 'b', '2']);
      const multi = encodeRequest(['MULTI']);
      for (const tail of [
        set.slice(0, -1),
        '*',
        '#TS:1',
        multi,
        multi + set,
        multi + set + set.slice(0, 9),
      ]) {
        appendFileSync(increment(), tail, 'latin1');
        expect(await refusal({ 'aof-load-truncated': 'no' })).to.match(
          /Unexpected end of file reading the append only file/,
        );
        const node = await disk.start('embedded', ON);
        expect(readFileSync(increment())).to.deep.equal(whole);
        expect(await node.ask('KEYS', '*')).to.equal('array[$"a"]');
        await node.kill();
      }
    });

    it('is refused when its middle is damaged, or a part or the manifest is missing or wrong', async () => {
      const sound = readFileSync(increment());
      const bad = /Bad file format reading the append only file/;
      writeFileSync(increment(), Buffer.concat([Buffer.from('junk'), sound]));
      expect(await refusal()).to.match(bad);
      writeFileSync(increment(), encodeRequest(['NOSUCH', 'x']));
      expect(await refusal()).to.match(bad);
      writeFileSync(increment(), encodeRequest(['SET', 'x']));
      expect(await refusal()).to.match(bad);
      rmSync(increment());
      expect(await refusal()).to.match(/it is not there/);
      writeFileSync(increment(), sound);
      writeFileSync(manifest(), 'file nonsense\n');
      expect(await refusal()).to.match(/line 1/);
      writeFileSync(manifest(), '');
      expect(await refusal()).to.match(/empty/);
    });
  });
});
