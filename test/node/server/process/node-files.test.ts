/** `trib node` and its data on disk: what signals save, and what a file that is not sound does to a start. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../../support/free-port.js';
import { waitUntil } from '../../../support/wait.js';
import { ask, textOf } from '../../../integration/config-link.js';
import { newFolder, spawnNode, startNodeProcess, stopAll } from './node-process.js';

describe('trib node and its files', function () {
  this.timeout(60_000);
  afterEach(stopAll);

  it('saves on SIGTERM as its save points say, and starts from there', async () => {
    const dir = newFolder();
    const port = await freePort();
    const first = await startNodeProcess(['--port', String(port)], dir);
    await ask(port, [['SET', 'a', '1']]);
    first.child.kill('SIGTERM');
    expect(await first.ended).to.equal(0);
    expect(readdirSync(dir)).to.deep.equal(['dump.rdb']);
    const words = ['--port', String(port), '--shutdown-on-sigterm', 'nosave'];
    const second = await startNodeProcess(words, dir);
    expect(textOf((await ask(port, [['GET', 'a']]))[0])).to.equal('1');
    await ask(port, [['SET', 'b', '1']]);
    second.child.kill('SIGTERM');
    expect(await second.ended).to.equal(0);
    await startNodeProcess(['--port', String(port)], dir);
    expect(textOf((await ask(port, [['GET', 'b']]))[0])).to.match(/null/);
  });

  it('goes on when a signal finds that nothing can be saved, and asks again with the next', async () => {
    const dir = newFolder();
    const port = await freePort();
    mkdirSync(join(dir, 'folder'));
    const words = ['--port', String(port), '--enable-protected-configs', 'yes'];
    const node = await startNodeProcess(words, dir);
    await ask(port, [
      ['CONFIG', 'SET', 'dbfilename', 'folder'],
      ['SET', 'a', '1'],
    ]);
    node.child.kill('SIGTERM');
    await waitUntil('it says so', () => node.output().includes('could not end in good order'));
    const replies = await ask(port, [
      ['CONFIG', 'SET', 'save', ''],
      ['SET', 'a', '2'],
    ]);
    expect(replies.map(textOf)).to.deep.equal(['OK', 'OK']);
    node.child.kill('SIGTERM');
    expect(await node.ended).to.equal(0);
  });

  it('does not start from files that are not sound: names them, leaves them, exit 1', async () => {
    const dir = newFolder();
    const dump = join(dir, 'dump.rdb');
    writeFileSync(dump, 'REDIS0009 and then nonsense');
    const port = String(await freePort());
    const rdb = spawnNode(['--port', port], dir);
    expect(await rdb.ended).to.equal(1);
    expect(rdb.output())
      .to.contain(dump)
      .and.to.match(/cannot load/);
    expect(readFileSync(dump, 'latin1')).to.equal('REDIS0009 and then nonsense');
    mkdirSync(join(dir, 'appendonlydir'));
    const increment = join(dir, 'appendonlydir', 'appendonly.aof.1.incr.aof');
    writeFileSync(increment, '*1\r\n$4\r\nPING\r\nand then nonsense');
    writeFileSync(
      join(dir, 'appendonlydir', 'appendonly.aof.manifest'),
      'file appendonly.aof.1.incr.aof seq 1 type i\n',
    );
    const aof = spawnNode(['--port', port, '--appendonly', 'yes'], dir);
    expect(await aof.ended).to.equal(1);
    expect(aof.output()).to.match(/Bad file format reading the append only file/);
    expect(readFileSync(increment, 'latin1')).to.contain('and then nonsense');
    expect(existsSync(dump)).to.equal(true);
  });
});
