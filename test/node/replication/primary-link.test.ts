import { expect } from 'chai';
import fc from 'fast-check';
import { StagedLoad } from '../../../src/lib/node/persistence/staged-load.js';
import { Snapshot } from '../../../src/lib/node/persistence/snapshot.js';
import {
  type LinkEffect,
  type LinkResume,
  PrimaryLink,
} from '../../../src/lib/node/replication/primary-link.js';
import { Keyspace } from '../../../src/lib/node/store/keyspace.js';

const ID = 'abcd'.repeat(10);
const MARK = 'm'.repeat(40);

function newKeyspace(): Keyspace {
  return new Keyspace({ databases: 2, indexesSlots: false });
}

function snapshotOf(keyspace: Keyspace): Buffer {
  const chunks: Buffer[] = [];
  const snapshot = new Snapshot({
    keyspace,
    databases: keyspace.databases,
    checksum: true,
    aux: [['repl-stream-db', '1']],
    emit: (chunk) => chunks.push(chunk),
  });
  while (!snapshot.advance(10));
  return Buffer.concat(chunks);
}

interface Heard {
  readonly link: PrimaryLink;
  readonly effects: LinkEffect[];
  readonly loads: StagedLoad[];
  readonly keyspace: Keyspace;
}

function listen(chunks: readonly (string | Buffer)[], resume?: LinkResume, password = ''): Heard {
  const keyspace = newKeyspace();
  const loads: StagedLoad[] = [];
  const introduction = { user: '', password, listeningPort: 7000, announcedIp: '' };
  const link = new PrimaryLink(introduction, resume, () => {
    const load = new StagedLoad(keyspace, 0);
    loads.push(load);
    return load;
  });
  const effects = [...link.connected()];
  for (const chunk of chunks) {
    effects.push(...link.receive(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk));
  }
  return { link, effects, loads, keyspace };
}

/** Streams of the same bytes are the same, however they are cut. */
function summary({ effects }: Heard): unknown[] {
  const result: unknown[] = [];
  let streamed = '';
  for (const effect of effects) {
    if (effect.kind === 'stream') streamed += effect.bytes.toString('latin1');
    else result.push(effect);
  }
  return [...result, streamed];
}

function kinds({ effects }: Heard): string[] {
  return effects.filter(({ kind }) => kind !== 'send').map(({ kind }) => kind);
}

function reason(heard: Heard): string {
  const last = heard.effects.at(-1)!;
  return last.kind === 'give-up' ? last.reason : `no end, but ${last.kind}`;
}

const HANDSHAKE = '+PONG\r\n+OK\r\n+OK\r\n';

describe('the link to a primary', () => {
  const data = newKeyspace();
  for (let at = 0; at < 300; at++) {
    const entry = data.db(at % 2).set(`key ${at}\xff`, 'v'.repeat(at), 0);
    if (at % 3 === 0) data.db(at % 2).setExpiry(entry, 1_900_000_000_000 + at);
  }
  const rdb = snapshotOf(data);
  const transfers: Readonly<Record<string, Buffer>> = {
    marked: Buffer.concat([Buffer.from(`$EOF:${MARK}\r\n`), rdb, Buffer.from(MARK)]),
    counted: Buffer.concat([Buffer.from(`\n\n$${rdb.length}\r\n`), rdb]),
  };
  const stream = '*1\r\n$4\r\nPING\r\n';

  for (const [form, transfer] of Object.entries(transfers)) {
    it(`loads a ${form} snapshot and passes on what follows, in whatever pieces it comes`, () => {
      const all = Buffer.concat([
        Buffer.from(`${HANDSHAKE}\n+FULLRESYNC ${ID} 77\r\n`),
        transfer,
        Buffer.from(stream),
      ]);
      const whole = listen([all]);
      expect(kinds(whole)).to.deep.equal(['full-sync', 'loaded', 'stream']);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 60 }), (lengths) => {
          const chunks: Buffer[] = [];
          let at = 0;
          for (const length of lengths) {
            chunks.push(Buffer.from(all.subarray(at, at + length)));
            at += length;
          }
          const chopped = listen([...chunks, all.subarray(at)]);
          expect(summary(chopped)).to.deep.equal(summary(whole));
          chopped.loads[0]!.adopt();
          expect(chopped.loads[0]!.streamDb).to.equal(1);
          expect(snapshotOf(chopped.keyspace)).to.deep.equal(rdb);
        }),
        { numRuns: 30 },
      );
    });
  }

  it('one byte at a time is enough', () => {
    const all = Buffer.concat([
      Buffer.from(`${HANDSHAKE}+FULLRESYNC ${ID} 0\r\n`),
      transfers['marked']!,
    ]);
    const heard = listen(Array.from(all, (byte) => Buffer.from([byte])));
    expect(kinds(heard)).to.deep.equal(['full-sync', 'loaded']);
    expect(heard.effects.at(-1)).to.deep.equal({ kind: 'loaded', needsAck: true });
  });

  it('introduces itself in order, and asks for the byte after its last', () => {
    const heard = listen([HANDSHAKE], { replicationId: ID, offset: 41 });
    const sent = heard.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.text] : []));
    expect(
      sent
        .join('')
        .replace(/[*$]\d+\r\n/g, '')
        .replaceAll('\r\n', ' '),
    ).to.equal(`PING REPLCONF listening-port 7000 REPLCONF capa eof capa psync2 PSYNC ${ID} 42 `);
  });

  it('+CONTINUE goes on, with the new id of a primary that was promoted', () => {
    const resume = { replicationId: ID, offset: 41 };
    const heard = listen([`${HANDSHAKE}+CONTINUE ${'e'.repeat(40)}\r\n${stream}`], resume);
    expect(kinds(heard)).to.deep.equal(['continue', 'stream']);
    expect(heard.effects.at(-2)).to.deep.equal({
      kind: 'continue',
      replicationId: 'e'.repeat(40),
    });
  });

  const ENDS: readonly (readonly [says: string, reason: RegExp])[] = [
    ['-DENIED no\r\n', /answers PING with -DENIED/],
    ['+PONG\r\n-WRONGPASS bad\r\n', /refuses our password: WRONGPASS/],
    [`+PONG\r\n+OK\r\n+OK\r\n+OK\r\n-NOMASTERLINK later\r\n`, /NOMASTERLINK later/],
    [`+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+CONTINUE\r\n`, /does not let us/],
    [`+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC ${ID} 1\r\n-ERR no fork\r\n`, /cannot send/],
    [`+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC ${ID} 1\r\n$9\r\nREDIS0009`, /in the middle/],
    [`+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+FULLRESYNC ${ID} 1\r\n$9\r\nNONSENSE!`, /no magic/],
    ['x'.repeat(20_000), /endless line/],
  ];
  for (const [says, expected] of ENDS) {
    it(`gives up on ${JSON.stringify(says.slice(-40))}: ${expected.source}`, () => {
      expect(reason(listen([says], undefined, 'secret'))).to.match(expected);
    });
  }

  it('gives up when another mark follows the snapshot', () => {
    const wrong = Buffer.from(transfers['marked']!);
    wrong.write('n', wrong.length - 1);
    const heard = listen([`${HANDSHAKE}+FULLRESYNC ${ID} 0\r\n`, wrong]);
    expect(reason(heard)).to.match(/end mark/);
  });

  it('asks by SYNC where PSYNC is refused, and takes a snapshot without name and offset', () => {
    const refused = `${HANDSHAKE}-ERR unknown command 'PSYNC'\r\n`;
    for (const transfer of Object.values(transfers)) {
      const heard = listen([refused, transfer, stream]);
      expect(kinds(heard)).to.deep.equal(['plain-sync', 'loaded', 'stream']);
      const sent = heard.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.text] : []));
      expect(sent.at(-1)).to.equal('*1\r\n$4\r\nSYNC\r\n');
    }
  });

  it('does not ask by SYNC where PSYNC is served later, or was to take over', () => {
    for (const later of ['-NOMASTERLINK later', '-LOADING later']) {
      expect(reason(listen([`${HANDSHAKE}${later}\r\n`]))).to.contain(later.slice(1));
    }
    const failover = { replicationId: ID, offset: 41, isFailover: true };
    expect(reason(listen([`${HANDSHAKE}-ERR what\r\n`], failover))).to.match(/ERR what/);
  });

  it('a REPLCONF that the primary does not know changes nothing', () => {
    const heard = listen(['+PONG\r\n-ERR what\r\n-ERR what\r\n']);
    expect(heard.effects.at(-1)).to.have.property('text').that.contains('PSYNC');
  });
});
