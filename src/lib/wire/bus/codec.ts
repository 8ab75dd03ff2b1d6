/**
 * One bus message, bytes to data and back. The framer has cut the stream; here a packet is judged by its
 * contents. A packet whose length does not match its type exactly is void, as it is for real servers:
 * they drop it in silence and keep the link.
 *
 * Decoding does not copy: `slots` is a window into the packet. Whoever keeps a bitmap copies it.
 */
import { err, ok, type Result } from '../../kernel/result.js';
import { BusDefect, readId, readIp, readOptionalId, readU64, writeU64 } from './fields.js';
import {
  FAIL_BYTES,
  GOSSIP_ENTRY_BYTES,
  HEADER,
  HEADER_BYTES,
  ID_BYTES,
  PROTOCOL_VERSION,
  SIGNATURE,
  SLOT_BITMAP_BYTES,
  UPDATE_BYTES,
} from './layout.js';
import {
  BUS_TYPES,
  MessageFlag,
  type BusBody,
  type BusHeader,
  type BusMessage,
  type BusType,
  type SendableMessage,
} from './message.js';
import { encodeExtensions, readExtensions, readGossip, writeGossip } from './ping-body.js';

/** @returns the message, or in a few words why the packet means nothing. */
export function decodeMessage(packet: Buffer): Result<BusMessage> {
  try {
    if (packet.length < HEADER_BYTES) throw new BusDefect('shorter than a header');
    if (packet.readUInt32BE(HEADER.totalLength) !== packet.length) {
      throw new BusDefect('length field and packet differ');
    }
    const version = packet.readUInt16BE(HEADER.version);
    if (version !== PROTOCOL_VERSION) throw new BusDefect(`protocol version ${version}`);
    return ok({ header: decodeHeader(packet), body: decodeBody(packet) });
  } catch (thrown) {
    if (thrown instanceof BusDefect) return err(thrown.message);
    throw thrown;
  }
}

export function encodeMessage({ header, body }: SendableMessage): Buffer {
  switch (body.kind) {
    case 'ping':
    case 'pong':
    case 'meet': {
      const extensions = encodeExtensions(body.extensions);
      const gossipEnd = HEADER_BYTES + body.gossip.length * GOSSIP_ENTRY_BYTES;
      const length = extensions.reduce((sum, extension) => sum + extension.length, gossipEnd);
      const packet = blankPacket(header, body.kind, length);
      packet.writeUInt16BE(body.gossip.length, HEADER.count);
      packet.writeUInt16BE(extensions.length, HEADER.extensions);
      writeGossip(packet, body.gossip);
      let at = gossipEnd;
      for (const extension of extensions) at += extension.copy(packet, at);
      return packet;
    }
    case 'fail': {
      const packet = blankPacket(header, 'fail', FAIL_BYTES);
      packet.latin1Write(body.node, HEADER_BYTES);
      return packet;
    }
    case 'publish':
    case 'publishshard': {
      const { channel, message } = body;
      const packet = blankPacket(
        header,
        body.kind,
        HEADER_BYTES + 8 + channel.length + message.length,
      );
      packet.writeUInt32BE(channel.length, HEADER_BYTES);
      packet.writeUInt32BE(message.length, HEADER_BYTES + 4);
      packet.latin1Write(channel, HEADER_BYTES + 8);
      packet.latin1Write(message, HEADER_BYTES + 8 + channel.length);
      return packet;
    }
    case 'update': {
      const packet = blankPacket(header, 'update', UPDATE_BYTES);
      writeU64(packet, body.configEpoch, HEADER_BYTES);
      packet.latin1Write(body.node, HEADER_BYTES + 8);
      packet.set(body.slots, HEADER_BYTES + 8 + ID_BYTES);
      return packet;
    }
    case 'module': {
      const packet = blankPacket(header, 'module', HEADER_BYTES + 13 + body.payload.length);
      packet.write(body.moduleId, HEADER_BYTES, 8, 'hex');
      packet.writeUInt32BE(body.payload.length, HEADER_BYTES + 8);
      packet[HEADER_BYTES + 12] = body.messageType;
      packet.latin1Write(body.payload, HEADER_BYTES + 13);
      return packet;
    }
    case 'auth-req':
    case 'auth-ack':
    case 'mfstart':
      return blankPacket(header, body.kind, HEADER_BYTES);
  }
}

function blankPacket(header: BusHeader, type: BusType, length: number): Buffer {
  const packet = Buffer.alloc(length);
  packet.latin1Write(SIGNATURE, HEADER.signature);
  packet.writeUInt32BE(length, HEADER.totalLength);
  packet.writeUInt16BE(PROTOCOL_VERSION, HEADER.version);
  packet.writeUInt16BE(header.port, HEADER.port);
  packet.writeUInt16BE(BUS_TYPES[type], HEADER.type);
  writeU64(packet, header.currentEpoch, HEADER.currentEpoch);
  writeU64(packet, header.configEpoch, HEADER.configEpoch);
  writeU64(packet, header.offset, HEADER.offset);
  packet.latin1Write(header.sender, HEADER.sender);
  packet.set(header.slots, HEADER.slots);
  if (header.replicaOf !== undefined) packet.latin1Write(header.replicaOf, HEADER.replicaOf);
  packet.latin1Write(header.ip, HEADER.ip);
  packet.writeUInt16BE(header.secondaryPort, HEADER.secondaryPort);
  packet.writeUInt16BE(header.busPort, HEADER.busPort);
  packet.writeUInt16BE(header.flags, HEADER.flags);
  packet[HEADER.state] = header.stateOk ? 0 : 1;
  packet[HEADER.messageFlags] = header.messageFlags;
  return packet;
}

function decodeHeader(packet: Buffer): BusHeader {
  return {
    sender: readId(packet, HEADER.sender),
    port: packet.readUInt16BE(HEADER.port),
    secondaryPort: packet.readUInt16BE(HEADER.secondaryPort),
    busPort: packet.readUInt16BE(HEADER.busPort),
    currentEpoch: readU64(packet, HEADER.currentEpoch),
    configEpoch: readU64(packet, HEADER.configEpoch),
    offset: readU64(packet, HEADER.offset),
    slots: packet.subarray(HEADER.slots, HEADER.slots + SLOT_BITMAP_BYTES),
    replicaOf: readOptionalId(packet, HEADER.replicaOf),
    ip: readIp(packet, HEADER.ip),
    flags: packet.readUInt16BE(HEADER.flags),
    stateOk: packet[HEADER.state] === 0,
    messageFlags: packet[HEADER.messageFlags]!,
  };
}

const TYPE_NAMES: ReadonlyMap<number, BusType> = new Map(
  Object.entries(BUS_TYPES).map(([name, type]) => [type, name as BusType]),
);

function decodeBody(packet: Buffer): BusBody {
  const type = packet.readUInt16BE(HEADER.type);
  const kind = TYPE_NAMES.get(type);
  switch (kind) {
    case undefined:
      return { kind: 'unknown', type };
    case 'ping':
    case 'pong':
    case 'meet':
      return decodePing(packet, kind);
    case 'fail':
      expectLength(packet, FAIL_BYTES);
      return { kind, node: readId(packet, HEADER_BYTES) };
    case 'publish':
    case 'publishshard':
      return decodePublish(packet, kind);
    case 'update':
      expectLength(packet, UPDATE_BYTES);
      return {
        kind,
        configEpoch: readU64(packet, HEADER_BYTES),
        node: readId(packet, HEADER_BYTES + 8),
        slots: packet.subarray(HEADER_BYTES + 8 + ID_BYTES),
      };
    case 'module':
      return decodeModule(packet);
    case 'auth-req':
    case 'auth-ack':
    case 'mfstart':
      expectLength(packet, HEADER_BYTES);
      return { kind };
  }
}

function decodePing(packet: Buffer, kind: 'ping' | 'pong' | 'meet'): BusBody {
  const count = packet.readUInt16BE(HEADER.count);
  const gossipEnd = HEADER_BYTES + count * GOSSIP_ENTRY_BYTES;
  if (gossipEnd > packet.length) throw new BusDefect(`${count} gossip entries do not fit`);
  // Without the flag the count of extensions means nothing, and the length must fit without them.
  const hasExtensions = (packet[HEADER.messageFlags]! & MessageFlag.extensionData) !== 0;
  const extensionCount = hasExtensions ? packet.readUInt16BE(HEADER.extensions) : 0;
  return {
    kind,
    gossip: readGossip(packet, count),
    extensions: readExtensions(packet, gossipEnd, extensionCount),
  };
}

function decodePublish(packet: Buffer, kind: 'publish' | 'publishshard'): BusBody {
  const data = HEADER_BYTES + 8;
  if (packet.length < data) throw new BusDefect('publish without its lengths');
  const channelEnd = data + packet.readUInt32BE(HEADER_BYTES);
  expectLength(packet, channelEnd + packet.readUInt32BE(HEADER_BYTES + 4));
  return {
    kind,
    channel: packet.latin1Slice(data, channelEnd),
    message: packet.latin1Slice(channelEnd, packet.length),
  };
}

function decodeModule(packet: Buffer): BusBody {
  const payload = HEADER_BYTES + 13;
  if (packet.length < payload) throw new BusDefect('module message without its length');
  expectLength(packet, payload + packet.readUInt32BE(HEADER_BYTES + 8));
  return {
    kind: 'module',
    moduleId: packet.toString('hex', HEADER_BYTES, HEADER_BYTES + 8),
    messageType: packet[HEADER_BYTES + 12]!,
    payload: packet.latin1Slice(payload, packet.length),
  };
}

function expectLength(packet: Buffer, length: number): void {
  if (packet.length !== length) {
    throw new BusDefect(`${packet.length} bytes where ${length} are due`);
  }
}
