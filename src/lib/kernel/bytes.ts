/** Latin1 is the project's name for "bytes in a string": one character per byte, 0..255, nothing lost. */

declare global {
  // Node's own fast paths for this encoding; present in every version, absent from its type definitions.
  interface Buffer {
    latin1Slice(start?: number, end?: number): string;
    latin1Write(text: string, offset?: number, length?: number): number;
  }
}

export function toBytes(latin1: string): Buffer {
  return Buffer.from(latin1, 'latin1');
}

export function fromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).latin1Slice();
}

/** Text from outside the data plane (a password, a config line) as data-plane bytes. */
export function utf8ToLatin1(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice();
}

/** Data-plane bytes as text for people. Invalid UTF-8 shows as replacement characters. */
export function latin1ToUtf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
