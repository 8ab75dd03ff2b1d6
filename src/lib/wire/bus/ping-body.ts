/**
 * The body of PING, PONG and MEET: gossip entries, then extensions. Redis 7.0 knows the hostname
 * extension only; 7.2 added the rest. An unknown extension is skipped, so that newer peers may talk.
 */
import { BusDefect, readId, readIp, readPadded, readU64, writeU64 } from './fields.js';
import {
  EXTENSION,
  EXTENSION_BYTES_MAX,
  EXTENSION_HEADER_BYTES,
  GOSSIP,
  GOSSIP_ENTRY_BYTES,
  HEADER_BYTES,
  ID_BYTES,
} from './layout.js';
import type { GossipEntry, PingExtensions } from './message.js';

export function readGossip(packet: Buffer, count: number): readonly GossipEntry[] {
  const entries: GossipEntry[] = [];
  for (let index = 0; index < count; index++) {
    const at = HEADER_BYTES + index * GOSSIP_ENTRY_BYTES;
    entries.push({
      id: readId(packet, at + GOSSIP.id),
      pingSentSeconds: packet.readUInt32BE(at + GOSSIP.pingSent),
      pongReceivedSeconds: packet.readUInt32BE(at + GOSSIP.pongReceived),
      ip: readIp(packet, at + GOSSIP.ip),
      port: packet.readUInt16BE(at + GOSSIP.port),
      busPort: packet.readUInt16BE(at + GOSSIP.busPort),
      flags: packet.readUInt16BE(at + GOSSIP.flags),
      secondaryPort: packet.readUInt16BE(at + GOSSIP.secondaryPort),
    });
  }
  return entries;
}

export function writeGossip(packet: Buffer, entries: readonly GossipEntry[]): void {
  let at = HEADER_BYTES;
  for (const entry of entries) {
    packet.latin1Write(entry.id, at + GOSSIP.id);
    packet.writeUInt32BE(entry.pingSentSeconds, at + GOSSIP.pingSent);
    packet.writeUInt32BE(entry.pongReceivedSeconds, at + GOSSIP.pongReceived);
    packet.latin1Write(entry.ip, at + GOSSIP.ip);
    packet.writeUInt16BE(entry.port, at + GOSSIP.port);
    packet.writeUInt16BE(entry.busPort, at + GOSSIP.busPort);
    packet.writeUInt16BE(entry.flags, at + GOSSIP.flags);
    packet.writeUInt16BE(entry.secondaryPort, at + GOSSIP.secondaryPort);
    at += GOSSIP_ENTRY_BYTES;
  }
}

/** Reads `count` extensions, which must fill the packet exactly. */
export function readExtensions(packet: Buffer, from: number, count: number): PingExtensions {
  const found: Mutable<PingExtensions> = {};
  const forgotten: NonNullable<PingExtensions['forgotten']>[number][] = [];
  let at = from;
  for (let index = 0; index < count; index++) {
    if (at + EXTENSION_HEADER_BYTES > packet.length) throw new BusDefect('extension cut short');
    const length = packet.readUInt32BE(at);
    if (length < EXTENSION_HEADER_BYTES || length % 8 !== 0 || at + length > packet.length) {
      throw new BusDefect(`extension of ${length} bytes`);
    }
    const data = at + EXTENSION_HEADER_BYTES;
    switch (packet.readUInt16BE(at + 4)) {
      case EXTENSION.hostname:
        found.hostname = readName(packet, data, at + length);
        break;
      case EXTENSION.humanNodename:
        found.humanNodename = readName(packet, data, at + length);
        break;
      case EXTENSION.forgotten:
        if (length !== 56) throw new BusDefect('forgotten-node extension of a wrong size');
        forgotten.push({ id: readId(packet, data), ttlSeconds: readU64(packet, data + ID_BYTES) });
        break;
      case EXTENSION.shardId:
        if (length !== 48) throw new BusDefect('shard-id extension of a wrong size');
        found.shardId = readId(packet, data);
        break;
      default:
        break;
    }
    at += length;
  }
  if (at !== packet.length) throw new BusDefect('bytes after the last extension');
  if (forgotten.length > 0) found.forgotten = forgotten;
  return found;
}

/** The extensions in writing order, each ready to be copied into the packet. */
export function encodeExtensions(extensions: PingExtensions): readonly Buffer[] {
  const encoded: Buffer[] = [];
  if (extensions.hostname) encoded.push(nameExtension(EXTENSION.hostname, extensions.hostname));
  if (extensions.humanNodename) {
    encoded.push(nameExtension(EXTENSION.humanNodename, extensions.humanNodename));
  }
  for (const { id, ttlSeconds } of extensions.forgotten ?? []) {
    const extension = blankExtension(EXTENSION.forgotten, ID_BYTES + 8);
    extension.latin1Write(id, EXTENSION_HEADER_BYTES);
    writeU64(extension, ttlSeconds, EXTENSION_HEADER_BYTES + ID_BYTES);
    encoded.push(extension);
  }
  if (extensions.shardId !== undefined) {
    const extension = blankExtension(EXTENSION.shardId, ID_BYTES);
    extension.latin1Write(extensions.shardId, EXTENSION_HEADER_BYTES);
    encoded.push(extension);
  }
  return encoded;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Names reach nodes.conf and CLUSTER NODES, where a blank or a comma would shift every field. */
const NAME = /^[A-Za-z0-9._-]*$/;

function readName(packet: Buffer, from: number, to: number): string {
  const name = readPadded(packet, from, to);
  if (!NAME.test(name)) throw new BusDefect('a name with characters no name may have');
  return name;
}

function nameExtension(type: number, name: string): Buffer {
  const extension = blankExtension(type, name.length + 1);
  extension.latin1Write(name, EXTENSION_HEADER_BYTES);
  return extension;
}

function blankExtension(type: number, dataBytes: number): Buffer {
  const length = EXTENSION_HEADER_BYTES + Math.ceil(dataBytes / 8) * 8;
  if (length > EXTENSION_BYTES_MAX) throw new BusDefect(`extension of ${length} bytes`);
  const extension = Buffer.alloc(length);
  extension.writeUInt32BE(length, 0);
  extension.writeUInt16BE(type, 4);
  return extension;
}
