import { expect } from 'chai';
import fc from 'fast-check';
import { formatNodesConf, parseNodesConf } from '../../src/lib/wire/nodes-conf.js';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const C = 'c'.repeat(40);

/** As redis-server 7.0.15 writes it, replica and open slots included. */
const FILE = [
  `${A} 127.0.0.1:7000@17000 myself,master - 0 1690000000000 3 connected 0-5460 5465 [93-<-${B}] [5460->-${B}]`,
  `${B} 127.0.0.1:7001@17001,host-b master - 0 1690000000001 2 connected 5461-5464 5466-16383`,
  `${C} ::1:7002@17002 slave,fail?,nofailover ${B} 1690000000002 1690000000003 2 disconnected`,
  'vars currentEpoch 5 lastVoteEpoch 4',
  '',
].join('\n');

describe('nodes.conf', () => {
  it('reads a file of redis-server and writes the same file again', () => {
    const parsed = parseNodesConf(FILE);
    if (!parsed.ok) throw new Error(parsed.error.reason);
    expect(parsed.value).to.include({ currentEpoch: 5, lastVoteEpoch: 4 });
    expect(parsed.value.nodes[2]).to.include({ ip: '::1', port: 7002, primary: B });
    expect(parsed.value.nodes[1]).to.include({ hostname: 'host-b' });
    expect(formatNodesConf(parsed.value)).to.equal(FILE);
  });

  it('reads the forms of other versions', () => {
    for (const [address, port, busPort, hostname] of [
      ['10.0.0.1:7000', 7000, 17_000, ''],
      ['10.0.0.1:7000@7', 7000, 7, ''],
      ['10.0.0.1:7000@7,name', 7000, 7, 'name'],
      [`10.0.0.1:7000@7,,tls-port=0,shard-id=${A}`, 7000, 7, ''],
      [':0@0', 0, 0, ''],
    ] as const) {
      const parsed = parseNodesConf(FILE.replace('127.0.0.1:7001@17001,host-b', address));
      if (!parsed.ok) throw new Error(`${address}: ${parsed.error.reason}`);
      expect(parsed.value.nodes[1], address).to.include({ port, busPort, hostname });
    }
    const later = parseNodesConf(FILE.replace('lastVoteEpoch 4', 'lastVoteEpoch 4 newThing 9'));
    expect(later.ok).to.equal(true);
  });

  const damaged: readonly (readonly [string, number, string, string])[] = [
    ['a missing field', 2, ' 0 1690000000001 2 connected 5461-5464 5466-16383', ' 0'],
    ['an id cut short', 1, `${A} `, `${A.slice(1)} `],
    ['a flag no server knows', 2, ',host-b master', ',host-b primary'],
    ['a slot past the last', 2, '5466-16383', '5466-16384'],
    ['a range backwards', 2, '5461-5464', '5464-5461'],
    ['an epoch in words', 4, 'currentEpoch 5', 'currentEpoch five'],
    ['an epoch without a value', 4, 'lastVoteEpoch 4', 'lastVoteEpoch'],
    ['a port past the last', 1, ':7000@', ':70000@'],
    ['an open slot of nobody', 1, `[93-<-${B}]`, '[93-<-nobody]'],
    ['two nodes that are this one', 0, 'host-b master', 'host-b myself,master'],
    ['nobody that is this one', 0, 'myself,master', 'master'],
    ['one node twice', 0, C, B],
    ['one slot of two nodes', 0, '5466-16383', '5465-16383'],
    ['a replica of a stranger', 0, 'myself,master -', `myself,slave ${'d'.repeat(40)}`],
  ];
  for (const [what, line, good, bad] of damaged) {
    it(`refuses ${what}`, () => {
      expect(FILE).to.contain(good);
      const parsed = parseNodesConf(FILE.replace(good, bad));
      if (parsed.ok) throw new Error('it was taken');
      expect(parsed.error.line).to.equal(line);
      expect(parsed.error.reason).to.not.equal('');
    });
  }

  it(`reads mutated files or says where they are wrong, never throws (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(FILE.length - 1), fc.nat(127)), { minLength: 1, maxLength: 6 }),
        fc.nat(FILE.length),
        (changes, end) => {
          const letters = Array.from(FILE);
          for (const [at, code] of changes) letters[at] = String.fromCharCode(code);
          const parsed = parseNodesConf(letters.join('').slice(0, end));
          if (parsed.ok) expect(parseNodesConf(formatNodesConf(parsed.value)).ok).to.equal(true);
          else expect(parsed.error.reason).to.be.a('string');
        },
      ),
      { seed: SEED, numRuns: 2000 },
    );
  });
});
