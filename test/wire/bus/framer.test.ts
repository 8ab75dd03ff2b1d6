import { expect } from 'chai';
import fc from 'fast-check';
import { BusFramer } from '../../../src/lib/wire/bus/framer.js';
import { capturedPackets } from './packets.js';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

describe('the bus framer', () => {
  const packets = [...capturedPackets().values()];
  const stream = Buffer.concat(packets);

  it('finds the same packets however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 30 }), (cuts) => {
        const framer = new BusFramer();
        const found: Buffer[] = [];
        let at = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), stream.length]) {
          const result = framer.push(stream.subarray(at, cut));
          if (!result.ok) throw new Error(result.error);
          found.push(...result.value);
          at = cut;
        }
        expect(found.map(hex)).to.deep.equal(packets.map(hex));
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  it('finds them byte by byte', () => {
    const framer = new BusFramer();
    const found: Buffer[] = [];
    for (const byte of packets[0]!) {
      const result = framer.push(Buffer.of(byte));
      if (result.ok) found.push(...result.value);
    }
    expect(found.map(hex)).to.deep.equal([hex(packets[0]!)]);
  });

  it('waits for the rest of a packet that is cut short', () => {
    const framer = new BusFramer();
    expect(framer.push(stream.subarray(0, 2000))).to.deep.equal({ ok: true, value: [] });
    expect(framer.defect).to.equal(undefined);
  });

  const headed = (signature: string, length: number): Buffer => {
    const bytes = Buffer.alloc(16);
    bytes.write(signature, 'latin1');
    bytes.writeUInt32BE(length, 4);
    return bytes;
  };
  for (const [what, bytes, reason] of [
    ['RESP', Buffer.from('*1\r\n$4\r\nPING\r\n'), 'no cluster bus signature'],
    ['a length below a header', headed('RCmb', 2255), 'shorter than a header'],
    ['a length of 4 GB', headed('RCmb', 0xffff_ffff), 'more than this node takes'],
  ] as const) {
    it(`gives the link up on ${what}, and keeps nothing of it`, () => {
      const framer = new BusFramer();
      const result = framer.push(bytes);
      expect(result.ok).to.equal(false);
      if (!result.ok) expect(result.error).to.contain(reason);
      expect(framer.push(stream).ok).to.equal(false);
      expect(framer.defect).to.contain(reason);
    });
  }

  it('hands out what stood before the garbage', () => {
    const framer = new BusFramer();
    const result = framer.push(Buffer.concat([packets[0]!, Buffer.from('GET / HTTP/1.1\r\n')]));
    expect(result.ok && result.value.map(hex)).to.deep.equal([hex(packets[0]!)]);
    expect(framer.defect).to.equal('no cluster bus signature');
  });
});

const hex = (bytes: Buffer): string => bytes.toString('hex');
