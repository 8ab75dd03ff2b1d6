/** What clients of a replica are told while it takes a snapshot in, by each way of repl-diskless-load. */
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { FakePrimary, type FakePrimaryOptions } from './fake-primary.js';
import { equal, follow, info, linked, type Server, Servers, text } from './repl-support.js';

/** A snapshot with one short key, then the beginning of a long one. */
const ONE_KEY = 'REDIS0009\x00\x03old\x05value';
const WHOLE = `${ONE_KEY}\xff${'\0'.repeat(8)}`;
/** One more key of a list that never ends; a real server looks up from its reading now and then only. */
const more = (count: number): string =>
  `\x00\x04${String(count).padStart(4, '0')}\x48\x00${'x'.repeat(2048)}`;
const marked = (bytes: string): string => `$EOF:${'m'.repeat(40)}\r\n${bytes}`;

const SAYINGS = [
  'GET old',
  'EXISTS old nope',
  'DBSIZE',
  'SET a 1',
  'CONFIG GET maxmemory-samples',
  'REPLCONF ACK x y',
  'PSYNC ? -1',
  'CLIENT GETNAME',
  'COMMAND COUNT x',
  'MULTI',
  'GET old',
  'EXEC',
  'INFO persistence',
] as const;

const WAYS = ['disabled', 'swapdb', 'on-empty-db'] as const;

describe('a replica that takes a snapshot in', function () {
  const servers = new Servers();
  let primary: FakePrimary | undefined;
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(async () => {
    await servers.stop();
    await primary?.stop();
  });

  async function said(replica: Server): Promise<string[]> {
    const client = await RespClient.open(replica.port);
    const answers: string[] = [];
    for (const words of SAYINGS) {
      const reply = await client.call(...words.split(' '));
      const loading = /^(?:async_)?loading:\d/gm;
      answers.push(
        `${words}: ${reply.kind === 'bulk' && words.startsWith('INFO') ? (reply.text.match(loading) ?? []).join() : show(reply)}`,
      );
    }
    client.close();
    return answers;
  }

  /** @param before what the replica gets first; undefined: it begins empty */
  async function answersDuring(
    make: 'real' | 'embedded',
    way: string,
    before: string | undefined,
  ): Promise<string[]> {
    const half: FakePrimaryOptions = { stage: 'all', transfer: marked(ONE_KEY), drip: more };
    primary = await FakePrimary.start(half);
    const replica = await servers.start(make, {
      'repl-diskless-load': way,
      'loading-process-events-interval-bytes': '1024',
    });
    if (before !== undefined) {
      primary.options = { stage: 'all', transfer: `$${before.length}\r\n${before}` };
      await replica.client.call('REPLICAOF', '127.0.0.1', String(primary.port));
      await linked(replica);
      primary.options = half;
      primary.cut();
    } else await replica.client.call('REPLICAOF', '127.0.0.1', String(primary.port));
    await waitUntil('it takes it in', async () => {
      return (await info(replica)).get('master_sync_in_progress') === '1';
    });
    await waitUntil('it has had time to begin', () => primary!.drips > 20);
    const answers = await said(replica);
    await primary.stop();
    return answers;
  }

  for (const way of WAYS) {
    for (const [name, before] of [
      ['an empty replica', undefined],
      ['a replica with older data of the same history', WHOLE],
    ] as const) {
      it(`repl-diskless-load ${way}, ${name}: is served as by redis-server`, async () => {
        const wanted = await answersDuring('real', way, before);
        expect(await answersDuring('embedded', way, before)).to.deep.equal(wanted);
      });
    }

    it(`repl-diskless-load ${way}: old data until the new are whole, and nothing in between`, async () => {
      const source = await servers.start('real');
      const replica = await servers.start('embedded', { 'repl-diskless-load': way });
      await source.client.call('DEBUG', 'POPULATE', '100000', 'key', '100');
      await replica.client.call('SET', 'mine', '1');
      await follow(replica, source);
      const seen = new Set<string>();
      await waitUntil('it is in sync', async () => {
        const [size, link] = await Promise.all([
          text(replica, 'DBSIZE'),
          text(replica, 'INFO', 'replication'),
        ]);
        seen.add(size);
        return link.includes('master_link_status:up');
      });
      seen.add(await text(replica, 'DBSIZE'));
      const allowed = [':1', ':100000', '-LOADING Redis is loading the dataset in memory'];
      expect([...seen].filter((answer) => !allowed.includes(answer))).to.deep.equal([]);
      expect(seen).to.include(':100000');
      await waitUntil('no file is left', () =>
        readdirSync(replica.node!.dir).every((file) => !file.startsWith('temp')),
      );
    });
  }

  it('a snapshot that breaks off leaves the old data, and no file', async () => {
    primary = await FakePrimary.start({ stage: 'all', transfer: marked(ONE_KEY) });
    for (const way of WAYS) {
      const replica = await servers.start('embedded', { 'repl-diskless-load': way });
      await replica.client.call('SET', 'mine', '1');
      await replica.client.call('REPLICAOF', '127.0.0.1', String(primary.port));
      await waitUntil('half of it is here', async () => {
        return Number((await info(replica)).get('master_sync_read_bytes')) > 0;
      });
      primary.options = { stage: 'silent' };
      primary.cut();
      await waitUntil('the old data are served', async () => {
        return (await text(replica, 'GET', 'mine')) === '1';
      });
      await waitUntil('no file is left', () =>
        readdirSync(replica.node!.dir).every((file) => !file.startsWith('temp')),
      );
      primary.options = { stage: 'all', transfer: marked(ONE_KEY) };
    }
  });

  it('writes that come behind the snapshot wait for it', async () => {
    const source = await servers.start('real', { 'repl-diskless-sync': 'no' });
    await source.client.call('DEBUG', 'POPULATE', '100000', 'key', '100');
    const replica = await servers.start('embedded');
    await follow(replica, source);
    for (let at = 0; !(await text(replica, 'ROLE')).includes('"connected"'); at++) {
      await source.client.call('SET', `key:${at % 50}`, `new ${at}`);
    }
    await equal(source, replica);
  });
});
