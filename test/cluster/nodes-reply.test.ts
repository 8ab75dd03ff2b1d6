import { expect } from 'chai';
import fc from 'fast-check';
import { parseClusterNodes, RecordPool } from '../../src/lib/cluster/nodes-reply.js';
import type { NodeRecord } from '../../src/lib/cluster/model.js';
import { formatRanges } from '../../src/lib/kernel/ranges.js';
import { idOf, nodesText, syntheticNodes } from '../support/synthetic-view.js';

const ID = idOf(1);
const PEER = idOf(2);

function selfOf(address: string, rest = 'myself,master - 0 0 7 connected'): NodeRecord {
  const reply = parseClusterNodes(`${ID} ${address} ${rest}\n`);
  if (!reply.ok) throw new Error(reply.error);
  return reply.value.self;
}

const errorOf = (text: string): string => {
  const reply = parseClusterNodes(text);
  return reply.ok ? 'accepted' : reply.error;
};

describe('CLUSTER NODES', () => {
  const addresses: readonly (readonly [string, object])[] = [
    ['10.0.0.1:7000@17000', { host: '10.0.0.1', port: 7000, busPort: 17000 }],
    [':6901@16901', { host: '', port: 6901, busPort: 16901 }],
    [':0@0', { host: '', port: 0, busPort: 0 }],
    [':0', { host: '', port: 0, busPort: 0 }],
    ['10.0.0.1:0@17000', { host: '10.0.0.1', port: 0, busPort: 17000 }],
    ['10.0.0.1:7000', { host: '10.0.0.1', port: 7000, busPort: 17000 }],
    ['10.0.0.1:7000@17000,redis-1', { host: '10.0.0.1', hostname: 'redis-1' }],
    ['10.0.0.1:7000@17000,', { hostname: undefined }],
    ['10.0.0.1:7000@17000,?', { hostname: undefined }],
    [`10.0.0.1:7000@17000,,tls-port=0,shard-id=${PEER}`, { port: 7000, hostname: undefined }],
    ['2001:db8::1:7000@17000', { host: '2001:db8::1', port: 7000 }],
  ];
  for (const [address, fields] of addresses) {
    it(`reads the address ${address}`, () => expect(selfOf(address)).to.deep.include(fields));
  }

  it('reads slots, open slots, and ignores flags it does not know', () => {
    const self = selfOf(
      ':1@2',
      `myself,master,brandnew - 0 0 7 connected 0-5460 7000 [93->-${PEER}] [77-<-${PEER}]`,
    );
    expect(formatRanges(self.slots)).to.equal('0-5460,7000');
    expect([...self.migrating]).to.deep.equal([[93, PEER]]);
    expect([...self.importing]).to.deep.equal([[77, PEER]]);
    expect([...self.flags]).to.deep.equal(['myself', 'master']);
  });

  it('takes carriage returns and a missing last line end', () => {
    const text = nodesText(syntheticNodes(), 0);
    const reply = parseClusterNodes(text.trimEnd().replaceAll('\n', '\r\n'));
    expect(reply.ok && reply.value.records.size).to.equal(6);
  });

  it('shares records between claims when only the times differ', () => {
    const pool = new RecordPool();
    const nodes = syntheticNodes();
    const first = parseClusterNodes(nodesText(nodes, 0), pool);
    const later = parseClusterNodes(nodesText(nodes, 1).replaceAll('17000000', '18000000'), pool);
    const record = (reply: typeof first, index: number) =>
      reply.ok ? reply.value.records.get(idOf(index)) : undefined;
    expect(record(first, 2)).to.equal(record(later, 2));
    expect(record(first, 0)).not.to.equal(record(later, 0));
  });

  it('gives the same records with a pool and without', () => {
    const nodes = syntheticNodes({ nodes: 12, replicas: 2 });
    const pool = new RecordPool();
    for (const speaker of nodes.keys()) {
      const text = nodesText(nodes, speaker);
      expect(parseClusterNodes(text, pool)).to.deep.equal(parseClusterNodes(text));
    }
  });

  const broken: readonly (readonly [string, string])[] = [
    ['', 'CLUSTER NODES has no line of the node itself'],
    [`${ID} :1@2 master - 0 0 7 connected\n`, 'CLUSTER NODES has no line of the node itself'],
    [`${ID} :1@2 myself - 0 0 7\n`, 'line 1 of CLUSTER NODES: fewer than eight fields'],
    [`xyz :1@2 myself - 0 0 7 connected\n`, 'line 1 of CLUSTER NODES: "xyz" is no node id'],
    [`${ID} nowhere myself - 0 0 7 connected`, 'line 1 of CLUSTER NODES: "nowhere" is no address'],
    [
      `${ID} \x1b]0;x\x07:1@2 myself - 0 0 7 connected`,
      'line 1 of CLUSTER NODES: control characters',
    ],
    [`${ID} :1@2,\x1b[2J myself - 0 0 7 connected`, 'line 1 of CLUSTER NODES: control characters'],
    [`${ID} :1@2 myself - 0 0 x connected`, 'line 1 of CLUSTER NODES: "x" is no epoch'],
    [`${ID} :1@2 myself - 0 0 7 connected 9-1`, 'line 1 of CLUSTER NODES: "9-1" is no slot range'],
    [
      `${ID} :1@2 myself - 0 0 7 connected [16384->-${PEER}]`,
      `line 1 of CLUSTER NODES: "[16384->-${PEER}]" is no open slot`,
    ],
  ];
  for (const [text, error] of broken) {
    it(`says what is wrong: ${error.slice(0, 60)}`, () => expect(errorOf(text)).to.equal(error));
  }

  it('survives any cut and any garbage without throwing', () => {
    const text = nodesText(syntheticNodes(), 0);
    fc.assert(
      fc.property(fc.nat(text.length), fc.string(), fc.nat(text.length), (cut, noise, at) => {
        parseClusterNodes(text.slice(0, cut));
        parseClusterNodes(text.slice(0, at) + noise + text.slice(at));
      }),
    );
  });
});
