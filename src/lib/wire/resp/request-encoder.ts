/** Commands as clients, replication and MIGRATE send them: an array of bulks, as latin1 text. */
export function encodeRequest(argv: readonly string[]): string {
  let text = `*${argv.length}\r\n`;
  for (const word of argv) text += `$${word.length}\r\n${word}\r\n`;
  return text;
}

/** A command of any length as bytes: as text, two long words could be more than one string can hold. */
export function requestBytes(argv: readonly string[]): Buffer {
  const pieces = [`*${argv.length}\r\n`];
  for (const word of argv) pieces.push(`$${word.length}\r\n`, word, '\r\n');
  const bytes = Buffer.allocUnsafe(wordBytes(pieces));
  let at = 0;
  for (const piece of pieces) at += bytes.latin1Write(piece, at);
  return bytes;
}

/** How long words are together. */
export function wordBytes(words: readonly string[]): number {
  let bytes = 0;
  for (const word of words) bytes += word.length;
  return bytes;
}

/** How long a command is as it travels. */
export function encodedBytes(argv: readonly string[]): number {
  let bytes = 3 + digits(argv.length);
  for (const { length } of argv) bytes += 5 + digits(length) + length;
  return bytes;
}

const digits = (count: number): number => String(count).length;
