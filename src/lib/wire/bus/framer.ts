/**
 * Cuts the byte stream of a bus link into packets. The bus has no handshake and no resynchronisation: a
 * wrong signature or an impossible length means the peer speaks something else, and the link must close.
 *
 * Chunks are kept as they came and joined once per packet, so a packet that trickles in byte by byte
 * costs its length once, not its length squared.
 */
import { BUS_PACKET_BYTES_MAX } from '../../kernel/limits.js';
import { err, ok, type Result } from '../../kernel/result.js';
import { HEADER, HEADER_BYTES, SIGNATURE } from './layout.js';

const PREFIX_BYTES = 8;

export class BusFramer {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes that must be there before the next look: the prefix first, then the whole packet. */
  #wanted = PREFIX_BYTES;
  #defect: string | undefined;

  /** Whole packets in order, or why the link is beyond use; after an error every push errs. */
  push(chunk: Buffer): Result<readonly Buffer[]> {
    if (this.#defect !== undefined) return err(this.#defect);
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wanted) return ok([]);

    const stream = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#bytes);
    const packets: Buffer[] = [];
    let at = 0;
    this.#wanted = PREFIX_BYTES;
    while (stream.length - at >= PREFIX_BYTES) {
      const length = stream.readUInt32BE(at + HEADER.totalLength);
      this.#defect = defectOf(stream, at, length);
      if (this.#defect !== undefined) return this.#fail(packets);
      if (stream.length - at < length) {
        this.#wanted = length;
        break;
      }
      packets.push(stream.subarray(at, at + length));
      at += length;
    }
    this.#chunks = at === stream.length ? [] : [stream.subarray(at)];
    this.#bytes = stream.length - at;
    return ok(packets);
  }

  /** What stood before the garbage still counts: it is handed out, and the next push reports. */
  #fail(packets: readonly Buffer[]): Result<readonly Buffer[]> {
    this.#chunks = [];
    this.#bytes = 0;
    return packets.length > 0 ? ok(packets) : err(this.#defect!);
  }

  /** Set once the stream is beyond use. */
  get defect(): string | undefined {
    return this.#defect;
  }
}

function defectOf(stream: Buffer, at: number, length: number): string | undefined {
  if (stream.latin1Slice(at, at + SIGNATURE.length) !== SIGNATURE)
    return 'no cluster bus signature';
  if (length < HEADER_BYTES) return `packet of ${length} bytes, shorter than a header`;
  if (length > BUS_PACKET_BYTES_MAX) return `packet of ${length} bytes, more than this node takes`;
  return undefined;
}
