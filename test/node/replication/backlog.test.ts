import { expect } from 'chai';
import fc from 'fast-check';
import { Backlog } from '../../../src/lib/node/replication/backlog.js';
import { ReplicationHistory } from '../../../src/lib/node/replication/history.js';
import { encodeRequest } from '../../../src/lib/wire/resp/request-encoder.js';
import { StreamWriter } from '../../../src/lib/node/replication/stream-writer.js';

const SIZE = 20_000;

describe('the backlog', () => {
  it('holds exactly the last bytes, whatever pieces they came in, and reads them from any offset', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(30_000), { maxLength: 12 }),
        fc.nat(1_000_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (lengths, startOffset, where) => {
          const backlog = new Backlog(SIZE, startOffset + 1);
          let all = Buffer.alloc(0);
          for (const length of lengths) {
            const piece = Buffer.from(Array.from({ length }, (_, at) => (all.length + at) * 31));
            backlog.append(piece);
            all = Buffer.concat([all, piece]);
          }
          const kept = Math.min(all.length, SIZE);
          const first = startOffset + 1 + all.length - kept;
          expect(backlog.historyBytes).to.equal(kept);
          expect(backlog.firstOffset).to.equal(first);
          expect(backlog.holds(first - 1)).to.equal(false);
          expect(backlog.holds(first + kept)).to.equal(true);
          expect(backlog.holds(first + kept + 1)).to.equal(false);
          const offset = first + Math.floor(where * kept);
          expect(Buffer.concat(backlog.read(offset))).to.deep.equal(
            all.subarray(offset - startOffset - 1),
          );
        },
      ),
    );
  });

  it('forgets at once when it is made smaller', () => {
    const backlog = new Backlog(SIZE, 1);
    backlog.append(Buffer.alloc(SIZE));
    backlog.resize(100);
    expect(backlog.historyBytes).to.equal(100);
    expect(backlog.firstOffset).to.equal(SIZE - 99);
  });
});

describe('the history of a node', () => {
  const id = (digit: string): string => digit.repeat(40);

  function replicaAt(offset: number): ReplicationHistory {
    const history = new ReplicationHistory(id('0'));
    history.adopt(id('a'), offset, SIZE);
    return history;
  }

  it('goes on for whoever holds its id and an offset that is still kept', () => {
    const history = replicaAt(100);
    history.append(Buffer.alloc(50));
    expect(history.offset).to.equal(150);
    expect(history.canContinue(id('a'), 101)).to.equal(true);
    expect(history.canContinue(id('A'), 151)).to.equal(true);
    expect(history.canContinue(id('a'), 100)).to.equal(false);
    expect(history.canContinue(id('a'), 152)).to.equal(false);
    expect(history.canContinue(id('b'), 101)).to.equal(false);
  });

  it('after a promotion goes on under the old id up to there, and not beyond', () => {
    const history = replicaAt(100);
    history.append(Buffer.alloc(10));
    history.shift(id('b'));
    history.append(Buffer.alloc(10));
    expect(history.identity).to.deep.equal({ id: id('b'), previousId: id('a'), previousEnd: 111 });
    expect(history.canContinue(id('a'), 111)).to.equal(true);
    expect(history.canContinue(id('a'), 112)).to.equal(false);
    expect(history.canContinue(id('b'), 112)).to.equal(true);
  });

  it('goes on for nobody before it is kept, or once it is another', () => {
    const history = new ReplicationHistory(id('c'));
    expect(history.canContinue(id('c'), 1)).to.equal(false);
    history.open(SIZE);
    expect(history.canContinue(id('c'), 1)).to.equal(true);
    history.renew(id('d'));
    expect(history.canContinue(id('c'), 1)).to.equal(false);
    expect(history.backlog).to.equal(undefined);
  });
});

describe('what a primary says', () => {
  it('names the database where it changes, and counts before it is taken', () => {
    const writer = new StreamWriter();
    writer.command(0, ['SET', 'a', '\xff']);
    writer.command(0, ['DEL', 'a']);
    writer.remark(['PING']);
    writer.command(1, ['DEL', 'a']);
    const bytes = writer.pendingBytes;
    const taken = writer.take();
    expect(taken.length).to.equal(bytes);
    expect(taken.toString('latin1').replaceAll('\r\n', ' ')).to.equal(
      '*2 $6 SELECT $1 0 *3 $3 SET $1 a $1 \xff *2 $3 DEL $1 a *1 $4 PING ' +
        '*2 $6 SELECT $1 1 *2 $3 DEL $1 a ',
    );
    expect(writer.pendingBytes).to.equal(0);
    writer.forgetDb();
    writer.command(1, ['DEL', 'a']);
    expect(writer.take().toString('latin1')).to.contain('SELECT');
  });

  it('keeps the order and the bytes of long and short commands, alone or between others', () => {
    const long = '\xfe'.repeat(2 * 1024 * 1024);
    const commands = [
      ['DEL', 'a'],
      ['MSET', 'b', long, 'c', long],
      ['PING'],
      ['SET', long, '\r\n'],
    ];
    const writer = new StreamWriter();
    for (const argv of commands) writer.remark(argv);
    const expected = commands.map(encodeRequest).join('');
    expect(writer.pendingBytes).to.equal(expected.length);
    const taken = writer.take();
    expect(taken.equals(Buffer.from(expected, 'latin1'))).to.equal(true);
    expect(writer.pendingBytes).to.equal(0);
    expect(writer.take().length).to.equal(0);
  });

  it('makes bytes of its text before the text grows long', () => {
    const argv = ['SET', 'k', 'v'.repeat(1_000_000)];
    const one = Buffer.from(encodeRequest(argv), 'latin1');
    const writer = new StreamWriter();
    for (let count = 0; count < 70; count++) writer.remark(argv);
    const taken = writer.take();
    expect(taken.length).to.equal(70 * one.length);
    for (const at of [0, 35, 66, 67, 68, 69]) {
      expect(taken.subarray(at * one.length, (at + 1) * one.length).equals(one)).to.equal(true);
    }
  });
});
