/** What INFO replication and ROLE say at every stage of a link, as redis-server says it of the same primary. */
import { expect } from 'chai';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { EMPTY_SNAPSHOT, FakePrimary, type FakePrimaryOptions } from './fake-primary.js';
import { type Server, Servers, text } from './repl-support.js';

const BYTES = 'x'.repeat(300);

const STAGES: readonly (readonly [name: string, options: FakePrimaryOptions, until: RegExp])[] = [
  ['a primary that never answers', { stage: 'silent' }, /connecting|handshake/],
  ['a primary that does not take introductions', { stage: 'greeted' }, /handshake/],
  ['a primary that does not answer PSYNC', { stage: 'asked' }, /handshake/],
  ['a snapshot announced', { stage: 'announced' }, /sync/],
  ['a snapshot of known length', { stage: 'all', transfer: `$1000\r\nREDIS0009${BYTES}` }, /sync/],
  [
    'a snapshot that ends with a mark',
    { stage: 'all', transfer: `$EOF:${'m'.repeat(40)}\r\nREDIS0009${BYTES}` },
    /sync/,
  ],
  [
    'a link in order',
    { stage: 'all', transfer: `$${EMPTY_SNAPSHOT.length}\r\n${EMPTY_SNAPSHOT}` },
    /connected/,
  ],
];

describe('INFO replication and ROLE of a replica', function () {
  const servers = new Servers();
  let primary: FakePrimary | undefined;
  before(function () {
    if (!hasRedisServer()) this.skip();
  });
  afterEach(async () => {
    await servers.stop();
    await primary?.stop();
  });

  async function said(replica: Server, until: RegExp): Promise<string[]> {
    await waitUntil(`${replica.make} is ${until.source}`, async () => {
      return until.test(await text(replica, 'ROLE'));
    });
    const lines = (await text(replica, 'INFO', 'replication')).split('\r\n');
    return [...lines.map(plain), plain(await text(replica, 'ROLE'))];
  }

  for (const [name, options, until] of STAGES) {
    it(`${name}: fields and values are those of redis-server`, async () => {
      primary = await FakePrimary.start(options);
      const wanted: string[][] = [];
      for (const make of ['real', 'embedded'] as const) {
        const replica = await servers.start(make);
        await replica.client.call('REPLICAOF', '127.0.0.1', String(primary.port));
        wanted.push(await said(replica, until));
      }
      expect(wanted[1]).to.deep.equal(wanted[0]);
    });
  }

  it('a primary that went away after the link was up: the replica tells since when', async () => {
    const transfer = `$${EMPTY_SNAPSHOT.length}\r\n${EMPTY_SNAPSHOT}`;
    primary = await FakePrimary.start({ stage: 'all', transfer });
    const replicas = [await servers.start('real'), await servers.start('embedded')];
    for (const replica of replicas) {
      await replica.client.call('REPLICAOF', '127.0.0.1', String(primary.port));
      await said(replica, /connected/);
    }
    primary.options = { stage: 'silent' };
    primary.cut();
    const wanted = await said(replicas[0]!, /connecting|handshake/);
    expect(await said(replicas[1]!, /connecting|handshake/)).to.deep.equal(wanted);
  });

  it('nobody listens where the primary should be', async () => {
    const wanted: string[][] = [];
    for (const make of ['real', 'embedded'] as const) {
      const replica = await servers.start(make);
      await replica.client.call('REPLICAOF', '127.0.0.1', '1');
      wanted.push(await said(replica, /slave/));
    }
    expect(wanted[1]).to.deep.equal(wanted[0]);
  });
});

/** Seconds pass while two servers are asked; ids that a server drew itself are its own. */
function plain(line: string): string {
  return line
    .replace(/(seconds(?:_ago)?):\d+$/, '$1:<seconds>')
    .replace(/(master_replid):(?!0123)[0-9a-f]{40}/, '$1:<own>')
    .replace(/"(connect|connecting|handshake)"/, '"<not yet>"');
}
