import { expect } from 'chai';
import fc from 'fast-check';
import type { NodeId } from '../../../src/lib/kernel/node-id.js';
import { decodeMessage, encodeMessage } from '../../../src/lib/wire/bus/codec.js';
import type {
  BusHeader,
  BusMessage,
  GossipEntry,
  SendableMessage,
} from '../../../src/lib/wire/bus/message.js';
import { capturedPackets } from './packets.js';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

const id = (letter: string): NodeId => letter.repeat(40) as NodeId;

const HEADER: BusHeader = {
  sender: id('a'),
  port: 0x1a2b,
  secondaryPort: 0x3c4d,
  busPort: 0x5e6f,
  currentEpoch: 0x01_0203_0405,
  configEpoch: 7,
  offset: 2 ** 53 - 1,
  slots: Buffer.alloc(2048),
  replicaOf: undefined,
  ip: '10.1.2.3',
  flags: 0x11,
  stateOk: true,
  messageFlags: 0,
};

const ENTRY: GossipEntry = {
  id: id('b'),
  pingSentSeconds: 5,
  pongReceivedSeconds: 0xfedcba98,
  ip: '::1',
  port: 1,
  busPort: 2,
  flags: 3,
  secondaryPort: 4,
};

describe('the bus codec', () => {
  describe('on packets of redis-server', () => {
    for (const [name, packet] of capturedPackets()) {
      it(`decodes ${name} and writes the same bytes again`, () => {
        const message = decoded(packet);
        expect(message.body.kind).to.equal(name.split(' ')[0]);
        if (message.body.kind === 'unknown') throw new Error('a kind of its own');
        expect(encodeMessage(message as SendableMessage).equals(packet)).to.equal(true);
      });
    }

    it('reads what the servers meant', () => {
      const packets = capturedPackets();
      const publish = decoded(packets.get('publish')!).body;
      expect(publish).to.include({ channel: 'a channel', message: 'a message' });
      const meet = decoded(packets.get('meet with hostname')!).body;
      expect(meet).to.have.deep.property('extensions', { hostname: 'host-a.example' });
      const request = decoded(packets.get('auth-req')!);
      expect(request.header.replicaOf).to.match(/^[0-9a-f]{40}$/);
      const ping = decoded(packets.get('ping')!);
      expect(ping.body).to.have.property('gossip').with.length.greaterThan(0);
    });
  });

  it('puts every header field where real servers look for it', () => {
    const slots = Buffer.alloc(2048);
    slots[0] = 0x80; // slot 7: the highest bit of the first byte
    const packet = encodeMessage({
      header: { ...HEADER, slots, replicaOf: id('c'), stateOk: false, messageFlags: 3 },
      body: { kind: 'auth-req' },
    });
    const numbers: readonly [string, number, number][] = [
      ['totlen', packet.readUInt32BE(4), 2256],
      ['ver', packet.readUInt16BE(8), 1],
      ['port', packet.readUInt16BE(10), 0x1a2b],
      ['type', packet.readUInt16BE(12), 5],
      ['count', packet.readUInt16BE(14), 0],
      ['currentEpoch, high', packet.readUInt32BE(16), 0x01],
      ['currentEpoch, low', packet.readUInt32BE(20), 0x02030405],
      ['configEpoch', packet.readUInt32BE(28), 7],
      ['offset, high', packet.readUInt32BE(32), 0x1fffff],
      ['offset, low', packet.readUInt32BE(36), 0xffffffff],
      ['extensions', packet.readUInt16BE(2214), 0],
      ['pport', packet.readUInt16BE(2246), 0x3c4d],
      ['cport', packet.readUInt16BE(2248), 0x5e6f],
      ['flags', packet.readUInt16BE(2250), 0x11],
      ['state', packet[2252]!, 1],
      ['mflags', packet[2253]!, 3],
      ['slot 7', packet[80]!, 0x80],
    ];
    for (const [field, found, due] of numbers) expect(found, field).to.equal(due);
    expect(packet.latin1Slice(0, 4)).to.equal('RCmb');
    expect(packet.latin1Slice(40, 80)).to.equal(id('a'));
    expect(packet.latin1Slice(2128, 2168)).to.equal(id('c'));
    expect(packet.latin1Slice(2168, 2176)).to.equal('10.1.2.3');
    expect([...packet.subarray(2176, 2214), ...packet.subarray(2216, 2246)]).to.satisfy(
      (bytes: number[]) => bytes.every((byte) => byte === 0),
    );
  });

  it('puts every gossip field where real servers look for it', () => {
    const packet = encodeMessage({
      header: HEADER,
      body: { kind: 'ping', gossip: [ENTRY, { ...ENTRY, id: id('d') }], extensions: {} },
    });
    expect(packet.length).to.equal(2256 + 2 * 104);
    expect(packet.latin1Slice(2256, 2296)).to.equal(id('b'));
    expect(packet.readUInt32BE(2296)).to.equal(5);
    expect(packet.readUInt32BE(2300)).to.equal(0xfedcba98);
    expect(packet.latin1Slice(2304, 2308)).to.equal('::1\0');
    expect([2350, 2352, 2354, 2356, 2358].map((at) => packet.readUInt16BE(at))).to.deep.equal([
      1, 2, 3, 4, 0,
    ]);
    expect(packet.latin1Slice(2360, 2400)).to.equal(id('d'));
  });

  it('takes a message of any kind apart as it was put together', () => {
    fc.assert(
      fc.property(anyMessage(), (message) => {
        const packet = encodeMessage(message);
        expect(packet.readUInt32BE(4)).to.equal(packet.length);
        const again = decoded(packet);
        expect(plain(again)).to.deep.equal(plain(message));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('refuses what a real server drops, and says why', () => {
    const ping = encodeMessage({
      header: HEADER,
      body: { kind: 'ping', gossip: [ENTRY], extensions: {} },
    });
    const changed = (change: (packet: Buffer) => void): Buffer => {
      const packet = Buffer.from(ping);
      change(packet);
      return packet;
    };
    const longer = Buffer.concat([ping, Buffer.alloc(8)]);
    longer.writeUInt32BE(longer.length, 4);
    const refused: readonly [string, Buffer][] = [
      ['shorter than a header', ping.subarray(0, 2255)],
      ['length field and packet differ', ping.subarray(0, 2300)],
      ['protocol version 0', changed((packet) => packet.writeUInt16BE(0, 8))],
      ['gossip entries do not fit', changed((packet) => packet.writeUInt16BE(2, 14))],
      ['bytes after the last extension', changed((packet) => packet.writeUInt16BE(0, 14))],
      ['bytes after the last extension', longer],
      ['no node id at 40', changed((packet) => packet.fill(0, 40, 80))],
      ['no node id at 2256', changed((packet) => packet.write('A', 2256))],
      ['no address at 2304', changed((packet) => packet.write(' \n', 2304))],
      ['beyond 2^53', changed((packet) => packet.fill(0xff, 16, 24))],
    ];
    for (const [reason, packet] of refused) {
      const result = decodeMessage(packet);
      expect(result.ok, reason).to.equal(false);
      if (!result.ok) expect(result.error).to.contain(reason);
    }
  });

  it('knows a type from the future for what it is', () => {
    const packet = encodeMessage({ header: HEADER, body: { kind: 'mfstart' } });
    packet.writeUInt16BE(11, 12);
    expect(decoded(packet).body).to.deep.equal({ kind: 'unknown', type: 11 });
  });

  it(`answers mutated packets with a message or a reason, never with an exception (seed ${SEED})`, () => {
    const packets = [...capturedPackets().values()];
    fc.assert(
      fc.property(
        fc.constantFrom(...packets),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        fc.option(fc.nat(5000), { nil: undefined }),
        (packet, changes, length) => {
          const mutant = Buffer.alloc(length ?? packet.length);
          packet.copy(mutant);
          for (const [at, byte] of changes)
            if (mutant.length > 0) mutant[at % mutant.length] = byte;
          if (length !== undefined && length >= 8) mutant.writeUInt32BE(length, 4);
          const result = decodeMessage(mutant);
          if (!result.ok) expect(result.error).to.be.a('string').that.is.not.empty;
        },
      ),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

function decoded(packet: Buffer): BusMessage {
  const result = decodeMessage(packet);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** Buffers and typed arrays as plain arrays, so that they compare by contents. */
function plain(message: BusMessage | SendableMessage): unknown {
  return JSON.parse(
    JSON.stringify(message, (_, value: unknown) =>
      value instanceof Uint8Array || isBufferJson(value) ? bytesOf(value) : value,
    ),
  );
}

const isBufferJson = (value: unknown): value is { data: number[] } =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';

const bytesOf = (value: Uint8Array | { data: number[] }): string =>
  Buffer.from(value instanceof Uint8Array ? value : value.data).toString('hex');

function anyMessage(): fc.Arbitrary<SendableMessage> {
  const u16 = fc.nat(65_535);
  const u64 = fc.nat(2 ** 53 - 1);
  const anyId = fc
    .array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: 40, maxLength: 40 })
    .map((letters) => letters.join('') as NodeId);
  const ip = fc.constantFrom('', '127.0.0.1', '2001:db8::1', 'fe80::1%eth0');
  const bitmap = fc.uint8Array({ minLength: 2048, maxLength: 2048 });
  const text = fc
    .uint8Array({ maxLength: 60 })
    .map((bytes) => Buffer.from(bytes).toString('latin1'));
  const name = fc.stringMatching(/^[a-z0-9.-]{1,40}$/);
  const gossip = fc.array(
    fc.record({
      id: anyId,
      pingSentSeconds: fc.nat(2 ** 32 - 1),
      pongReceivedSeconds: fc.nat(2 ** 32 - 1),
      ip,
      port: u16,
      busPort: u16,
      flags: u16,
      secondaryPort: u16,
    }),
    { maxLength: 5 },
  );
  const extensions = fc.record(
    {
      hostname: name,
      humanNodename: name,
      shardId: anyId,
      forgotten: fc.array(fc.record({ id: anyId, ttlSeconds: u64 }), {
        minLength: 1,
        maxLength: 3,
      }),
    },
    { requiredKeys: [] },
  );
  const header = fc.record({
    sender: anyId,
    port: u16,
    secondaryPort: u16,
    busPort: u16,
    currentEpoch: u64,
    configEpoch: u64,
    offset: u64,
    slots: bitmap,
    replicaOf: fc.option(anyId, { nil: undefined }),
    ip,
    flags: u16,
    stateOk: fc.boolean(),
    // Extensions count only under this flag; without it they would be bytes too many.
    messageFlags: fc.nat(3).map((flags) => flags | 4),
  });
  const body: fc.Arbitrary<SendableMessage['body']> = fc.oneof(
    fc.record({ kind: fc.constantFrom('ping', 'pong', 'meet'), gossip, extensions }),
    fc.record({ kind: fc.constant('fail' as const), node: anyId }),
    fc.record({ kind: fc.constantFrom('publish', 'publishshard'), channel: text, message: text }),
    fc.record({ kind: fc.constantFrom('auth-req', 'auth-ack', 'mfstart') }),
    fc.record({
      kind: fc.constant('update' as const),
      configEpoch: u64,
      node: anyId,
      slots: bitmap,
    }),
    fc.record({
      kind: fc.constant('module' as const),
      moduleId: fc.constant('0123456789abcdef'),
      messageType: fc.nat(255),
      payload: text,
    }),
  );
  return fc.record({ header, body });
}
