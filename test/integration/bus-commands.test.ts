/**
 * Every CLUSTER subcommand and every refusal, asked of an embedded node and of a real one in the same
 * situation: the same replies, in RESP2 and RESP3. Ids, ports, times and counters are named, not compared.
 */
import { expect } from 'chai';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import { show } from '../node/resp-client.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { type Peer, PeerPool, form, settled } from './bus-cluster.js';

const UNKNOWN = 'f'.repeat(40);

/**
 * Asked of a node that is alone, in order: each may change the node for the next. The size of
 * the cluster is not compared: a real node says 1 until it has looked for the first time, after 2 s.
 */
const ALONE: readonly string[] = [
  'CLUSTER',
  'CLUSTER NONSENSE',
  'CLUSTER INFO extra',
  'CLUSTER MYID extra',
  'CLUSTER INFO',
  'CLUSTER SLOTS',
  'CLUSTER SHARDS',
  'CLUSTER NODES',
  'CLUSTER LINKS',
  'CLUSTER KEYSLOT foo{bar}baz',
  'CLUSTER KEYSLOT',
  'CLUSTER KEYSLOT {}x',
  'CLUSTER COUNTKEYSINSLOT 16384',
  'CLUSTER COUNTKEYSINSLOT -1',
  'CLUSTER COUNTKEYSINSLOT x',
  'CLUSTER COUNTKEYSINSLOT 0',
  'CLUSTER GETKEYSINSLOT 0 10',
  'CLUSTER GETKEYSINSLOT 0 -1',
  'CLUSTER GETKEYSINSLOT 0 x',
  'CLUSTER GETKEYSINSLOT 16384 1',
  'CLUSTER GETKEYSINSLOT 0',
  'CLUSTER ADDSLOTS',
  'CLUSTER ADDSLOTS x',
  'CLUSTER ADDSLOTS 16384',
  'CLUSTER ADDSLOTS -1',
  'CLUSTER ADDSLOTS 1 2 1',
  'CLUSTER ADDSLOTS 1 2 3',
  'CLUSTER ADDSLOTS 4 3',
  'CLUSTER DELSLOTS 3 4',
  'CLUSTER DELSLOTS 3 3',
  'CLUSTER DELSLOTS 3',
  'CLUSTER DELSLOTS',
  'CLUSTER DELSLOTS 99999',
  'CLUSTER ADDSLOTSRANGE',
  'CLUSTER ADDSLOTSRANGE 1',
  'CLUSTER ADDSLOTSRANGE 1 2 3',
  'CLUSTER ADDSLOTSRANGE 9 5',
  'CLUSTER ADDSLOTSRANGE 10 20 15 16',
  'CLUSTER ADDSLOTSRANGE 0 5',
  'CLUSTER ADDSLOTSRANGE 10 x',
  'CLUSTER ADDSLOTSRANGE 10 20 30 30',
  'CLUSTER DELSLOTSRANGE 15 25',
  'CLUSTER DELSLOTSRANGE 15',
  'CLUSTER DELSLOTSRANGE 16 15',
  'CLUSTER DELSLOTSRANGE 15 16',
  'CLUSTER NODES',
  'CLUSTER SLOTS',
  'CLUSTER SHARDS',
  'SET foo bar',
  'GET foo',
  'CLUSTER SETSLOT',
  'CLUSTER SETSLOT 1',
  'CLUSTER SETSLOT 1 STABLE',
  'CLUSTER SETSLOT 1 STABLE extra',
  'CLUSTER SETSLOT x STABLE',
  'CLUSTER SETSLOT 16384 STABLE',
  'CLUSTER SETSLOT 1 NONSENSE',
  `CLUSTER SETSLOT 1 MIGRATING ${UNKNOWN}`,
  `CLUSTER SETSLOT 1 MIGRATING`,
  `CLUSTER SETSLOT 5000 MIGRATING ${UNKNOWN}`,
  `CLUSTER SETSLOT 1 IMPORTING ${UNKNOWN}`,
  `CLUSTER SETSLOT 5000 IMPORTING ${UNKNOWN}`,
  `CLUSTER SETSLOT 1 NODE ${UNKNOWN}`,
  'CLUSTER SETSLOT 1 NODE short',
  'CLUSTER SETSLOT 1 NODE',
  'CLUSTER SETSLOT 1 MIGRATING @me',
  'CLUSTER SETSLOT 7000 IMPORTING @me',
  'CLUSTER SETSLOT 7000 NODE @me',
  'CLUSTER NODES',
  'CLUSTER SETSLOT 7000 STABLE',
  'CLUSTER SETSLOT 1 STABLE',
  'CLUSTER FORGET @me',
  `CLUSTER FORGET ${UNKNOWN}`,
  'CLUSTER FORGET',
  'CLUSTER REPLICATE @me',
  `CLUSTER REPLICATE ${UNKNOWN}`,
  'CLUSTER REPLICATE',
  'CLUSTER REPLICAS @me',
  'CLUSTER SLAVES @me',
  `CLUSTER REPLICAS ${UNKNOWN}`,
  'CLUSTER REPLICAS',
  `CLUSTER COUNT-FAILURE-REPORTS ${UNKNOWN}`,
  'CLUSTER COUNT-FAILURE-REPORTS @me',
  'CLUSTER FAILOVER',
  'CLUSTER FAILOVER FORCE',
  'CLUSTER FAILOVER TAKEOVER',
  'CLUSTER FAILOVER NONSENSE',
  'CLUSTER FAILOVER FORCE extra',
  'CLUSTER SET-CONFIG-EPOCH x',
  'CLUSTER SET-CONFIG-EPOCH -1',
  'CLUSTER SET-CONFIG-EPOCH',
  'CLUSTER SET-CONFIG-EPOCH 7',
  'CLUSTER SET-CONFIG-EPOCH 8',
  'CLUSTER BUMPEPOCH',
  'CLUSTER BUMPEPOCH extra',
  'CLUSTER INFO',
  'CLUSTER SAVECONFIG',
  'CLUSTER SAVECONFIG extra',
  'CLUSTER MEET',
  'CLUSTER MEET 127.0.0.1',
  'CLUSTER MEET 127.0.0.1 x',
  'CLUSTER MEET 127.0.0.1 0',
  'CLUSTER MEET 127.0.0.1 70000',
  'CLUSTER MEET 127.0.0.1 60000',
  'CLUSTER MEET localhost 7000',
  'CLUSTER MEET 300.0.0.1 7000',
  'CLUSTER MEET 127.0.0.1 7000 x',
  'CLUSTER MEET 127.0.0.1 7000 0',
  'CLUSTER MEET 127.0.0.1 7000 70000',
  'CLUSTER MEET 127.0.0.1 7000 17000 extra',
  'CLUSTER FLUSHSLOTS extra',
  'CLUSTER FLUSHSLOTS',
  'CLUSTER NODES',
  'CLUSTER RESET NONSENSE',
  'CLUSTER RESET HARD extra',
  'CLUSTER ADDSLOTSRANGE 0 16383',
  'CLUSTER RESET',
  'CLUSTER NODES',
  'CLUSTER INFO',
  'CLUSTER RESET HARD',
  'CLUSTER INFO',
  'READONLY',
  'READWRITE',
  'ASKING',
  'READONLY extra',
  'SELECT 1',
];

/** Asked of the first primary of two, `@other` being the second, both healthy. */
const TOGETHER: readonly string[] = [
  'CLUSTER INFO',
  'CLUSTER NODES',
  'CLUSTER SLOTS',
  'CLUSTER SHARDS',
  'CLUSTER REPLICAS @me',
  'CLUSTER REPLICAS @other',
  'CLUSTER REPLICAS @replica',
  'CLUSTER REPLICATE @replica',
  'CLUSTER REPLICATE @other',
  'CLUSTER FAILOVER',
  'CLUSTER SET-CONFIG-EPOCH 9',
  'CLUSTER COUNT-FAILURE-REPORTS @other',
  'CLUSTER SETSLOT 1 MIGRATING @replica',
  'CLUSTER SETSLOT 1 MIGRATING @other',
  'CLUSTER SETSLOT 1 IMPORTING @other',
  'CLUSTER SETSLOT 16000 IMPORTING @replica',
  'CLUSTER SETSLOT 16000 IMPORTING @other',
  'CLUSTER SETSLOT 16000 MIGRATING @other',
  'CLUSTER SETSLOT 2 NODE @replica',
  'CLUSTER NODES',
  'SET {06S}a 1',
  'CLUSTER SETSLOT 1 NODE @me',
  'CLUSTER SETSLOT 1 STABLE',
  'CLUSTER SETSLOT 16000 STABLE',
  'CLUSTER NODES',
  'CLUSTER ADDSLOTS 16000',
  'SET foo bar',
  'SET bar foo',
  'GET bar',
  'MGET bar foo',
  'CLUSTER COUNTKEYSINSLOT 5061',
  'CLUSTER GETKEYSINSLOT 5061 10',
  'CLUSTER SETSLOT 5061 NODE @other',
  'CLUSTER FLUSHSLOTS',
  'CLUSTER RESET',
  'CLUSTER BUMPEPOCH',
];

/** Asked of the replica. */
const AS_REPLICA: readonly string[] = [
  'CLUSTER INFO',
  'CLUSTER NODES',
  'CLUSTER SLOTS',
  'CLUSTER SHARDS',
  'CLUSTER SETSLOT 1 STABLE',
  'CLUSTER SETSLOT x STABLE',
  'CLUSTER FORGET @other',
  'CLUSTER FORGET @replica',
  'CLUSTER REPLICATE @replica',
  'CLUSTER REPLICAS @replica',
  'CLUSTER FAILOVER NONSENSE',
  'CLUSTER BUMPEPOCH',
  'GET foo',
  'GET bar',
  'SET bar x',
  'READONLY',
  'GET bar',
  'GET foo',
  'SET bar x',
  'READWRITE',
  'GET bar',
];

describe('CLUSTER commands, side by side with redis-server', function () {
  if (!hasRedisServer()) return;
  this.timeout(60_000);
  const pool = new PeerPool();
  afterEach(() => pool.stop());

  it('names every subcommand in HELP', async () => {
    const [ours, theirs] = await Promise.all(
      (await pool.start(['embedded', 'real'])).map(async (node) => {
        const lines = (await node.ask('CLUSTER', 'HELP')).slice('array['.length).split(', +');
        const names = lines.map((line) => /^[A-Z][A-Z-]+/.exec(line)?.[0] ?? '');
        return [...new Set(names)].filter((name) => name !== '').sort();
      }),
    );
    expect(ours).to.deep.equal(theirs);
  });

  for (const protocol of ['2', '3']) {
    it(`answers alike when alone (RESP${protocol})`, async () => {
      const nodes = await pool.start(['embedded', 'real']);
      for (const node of nodes) await node.call('HELLO', protocol);
      const [ours, theirs] = await Promise.all(
        nodes.map((node) => transcript(node, ALONE, new Map([[node, 'me']]))),
      );
      expectAlike(ours!, theirs!);
    });

    it(`answers alike in a cluster (RESP${protocol})`, async () => {
      const sides = await Promise.all(
        (['embedded', 'real'] as const).map(async (kind) => {
          const [me, other, replica] = (await pool.start([kind, 'real', kind])) as [
            Peer,
            Peer,
            Peer,
          ];
          await form([other, me], [{ peer: replica, of: other }]);
          await waitUntil('nobody shakes hands', () =>
            settled([me, other, replica]).then(() => true),
          );
          for (const node of [me, replica]) await node.call('HELLO', protocol);
          const names = new Map([
            [me, 'me'],
            [other, 'other'],
            [replica, 'replica'],
          ]);
          return [
            ...(await transcript(me, TOGETHER, names)),
            ...(await transcript(replica, AS_REPLICA, names)),
          ];
        }),
      );
      expectAlike(sides[0]!, sides[1]!);
    });
  }
});

function expectAlike(ours: readonly string[], theirs: readonly string[]): void {
  const differing = ours.filter((line, at) => line !== theirs[at]);
  expect(differing).to.deep.equal(theirs.filter((line, at) => line !== ours[at]));
}

async function transcript(
  node: Peer,
  lines: readonly string[],
  names: ReadonlyMap<Peer, string>,
): Promise<string[]> {
  const byName = new Map([...names].map(([peer, name]) => [`@${name}`, peer.id]));
  const said: string[] = [];
  for (const line of lines) {
    const reply = await node.call(...line.split(' ').map((word) => byName.get(word) ?? word));
    said.push(`${line} => ${named(reply, names)}`);
  }
  return said;
}

/** Names for what differs between any two runs, and one order for what real servers keep in a hash. */
function named(reply: Reply, names: ReadonlyMap<Peer, string>): string {
  if (reply.kind === 'array' && isShards(reply)) {
    const items = reply.items.map((item) => rename(show(item), names)).sort();
    return `shards ${items.join(' ')}`;
  }
  if (reply.kind !== 'bulk' && reply.kind !== 'verbatim') return rename(show(reply), names);
  const lines = rename(reply.text, names).split('\n');
  return `${reply.kind} ${(lines[0]!.includes('<ping>') ? lines.sort() : lines).join('\n')}`;
}

const isShards = (reply: Reply): boolean => show(reply).includes('"replication-offset"');

function rename(text: string, names: ReadonlyMap<Peer, string>): string {
  let plain = text;
  for (const [peer, name] of names) {
    plain = plain
      .replaceAll(peer.id, `<${name}>`)
      .replaceAll(`:${peer.port}@${peer.port + 10_000}`, `:<${name}>`)
      .replaceAll(`:${peer.port}`, `:<${name}>`);
  }
  return plain
    .replace(/\b[0-9a-f]{40}\b/g, '<id>')
    .replace(/(:<\w+> [a-z,]+ (?:-|<\w+>)) \d+ \d+/g, '$1 <ping> <pong>')
    .replace(/(:0@0 [a-z,]+ -) \d+ \d+/g, '$1 <ping> <pong>')
    .replace(/cluster_size:[01]\b/g, 'cluster_size:<few>')
    .replace(/cluster_stats_messages_\w+:\d+\r\n/g, '')
    .replace(/(\$"replication-offset"[:,]) :\d+/g, '$1 <offset>')
    .replace(/\$"(online|loading)"/g, '<health>');
}
