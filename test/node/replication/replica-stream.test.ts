import { expect } from 'chai';
import fc from 'fast-check';
import { ReplicaStream } from '../../../src/lib/node/replication/replica-stream.js';
import { encodeRequest } from '../../../src/lib/wire/resp/request-encoder.js';

const bytes = (...commands: (readonly string[])[]): Buffer =>
  Buffer.from(commands.map(encodeRequest).join(''), 'latin1');

const word = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\xff', '*', '$', '0') });
const write = fc.tuple(fc.constantFrom('SET', 'DEL', 'APPEND'), word).map((argv) => [...argv]);
const single = fc.oneof(
  write,
  fc.constant(['PING']),
  fc.constant(['REPLCONF', 'GETACK', '*']),
  fc.constantFrom('0', '1').map((db) => ['SELECT', db]),
);
const transaction = fc
  .array(write, { maxLength: 3 })
  .map((commands) => [['MULTI'], ...commands, ['EXEC']]);
/** Each unit is what may be applied only as a whole. */
const units = fc.array(
  fc.oneof(
    single.map((one) => [one]),
    transaction,
  ),
  { maxLength: 8 },
);
const cuts = fc.array(fc.nat(40), { maxLength: 30 });

/** Cuts bytes into pieces of the given lengths, the last one taking the rest. */
function pieces(all: Buffer, lengths: readonly number[]): Buffer[] {
  const result: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    result.push(all.subarray(at, at + length));
    at += length;
  }
  return [...result, all.subarray(at)];
}

function record(
  startOffset = 1000,
  db = 0,
): {
  stream: ReplicaStream;
  applied: string[];
  acks: number[];
  forwarded: () => Buffer;
} {
  const applied: string[] = [];
  const acks: number[] = [];
  const forwarded: Buffer[] = [];
  const stream = new ReplicaStream(
    {
      vet: () => undefined,
      together: (run) => run(),
      apply: (argv, db) => void applied.push(`${db}:${argv.join(' ')}`),
      acknowledge: (offset) => void acks.push(offset),
      forward: (chunk) => void forwarded.push(Buffer.from(chunk)),
    },
    startOffset,
    db,
  );
  return { stream, applied, acks, forwarded: () => Buffer.concat(forwarded) };
}

describe("the primary's stream on a replica", () => {
  it('does the same and counts the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(units, cuts, (all, lengths) => {
        const whole = bytes(...all.flat());
        const once = record();
        once.stream.push(whole);
        const chopped = record();
        for (const piece of pieces(whole, lengths)) chopped.stream.push(Buffer.from(piece));
        expect(chopped.applied).to.deep.equal(once.applied);
        expect(chopped.acks).to.deep.equal(once.acks);
        expect(chopped.stream.offset).to.equal(1000 + whole.length);
        expect(chopped.forwarded()).to.deep.equal(whole);
      }),
    );
  });

  it('cut anywhere, stands at the end of a whole unit; the rest, asked again, completes it', () => {
    fc.assert(
      fc.property(units, fc.double({ min: 0, max: 1, noNaN: true }), (all, where) => {
        const whole = bytes(...all.flat());
        const cut = Math.floor(where * whole.length);
        const before = record();
        before.stream.push(whole.subarray(0, cut));
        const ends = all.map((_, count) => 1000 + bytes(...all.slice(0, count + 1).flat()).length);
        const reached = Math.max(1000, ...ends.filter((end) => end <= 1000 + cut));
        expect(before.stream.offset).to.equal(reached);
        expect(before.stream.readOffset).to.equal(1000 + cut);
        expect(before.forwarded()).to.deep.equal(whole.subarray(0, reached - 1000));
        const after = record(reached, before.stream.db);
        after.stream.push(whole.subarray(reached - 1000));
        const once = record();
        once.stream.push(whole);
        expect([...before.applied, ...after.applied]).to.deep.equal(once.applied);
      }),
    );
  });

  it('answers GETACK with the offset before it', () => {
    const { stream, acks } = record(0);
    const ping = bytes(['PING']);
    stream.push(Buffer.concat([ping, bytes(['REPLCONF', 'GETACK', '*'])]));
    expect(acks).to.deep.equal([ping.length]);
  });

  it('stops before what cannot be applied: its bytes count for nothing', () => {
    const forwarded: Buffer[] = [];
    const stream = new ReplicaStream(
      {
        vet: () => undefined,
        together: (run) => run(),
        apply: (argv) => {
          if (argv[0] === 'BAD') throw new Error('no such command');
        },
        acknowledge: () => undefined,
        forward: (chunk) => void forwarded.push(Buffer.from(chunk)),
      },
      0,
      0,
    );
    const good = bytes(['SET', 'a', '1']);
    expect(() => stream.push(Buffer.concat([good, bytes(['BAD'])]))).to.throw('no such command');
    expect(stream.offset).to.equal(good.length);
    expect(Buffer.concat(forwarded)).to.deep.equal(good);
  });

  it('refuses what is no command', () => {
    expect(() => record().stream.push(Buffer.from('*1\r\n!'.padEnd(70_000, 'x')))).to.throw();
  });
});
