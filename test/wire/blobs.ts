/** Compact blobs as servers of every age wrote them, for the tests of what reads them. */

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** The integer that a server would store in place of the text. */
function integerOf(text: string): bigint | undefined {
  if (!/^(?:0|-?[1-9][0-9]{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INT64.min && value <= INT64.max ? value : undefined;
}

function littleEndian(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}

function uint32(value: number): number[] {
  return littleEndian(BigInt(value), 4);
}

const fits = (value: bigint, bits: number): boolean =>
  value >= -(2n ** BigInt(bits - 1)) && value < 2n ** BigInt(bits - 1);

function listpackEntry(text: string): number[] {
  const integer = integerOf(text);
  if (integer !== undefined) {
    if (integer >= 0n && integer <= 127n) return [Number(integer)];
    if (fits(integer, 13)) {
      const raw = Number(integer & 0x1fffn);
      return [0xc0 | (raw >> 8), raw & 0xff];
    }
    if (fits(integer, 16)) return [0xf1, ...littleEndian(integer, 2)];
    if (fits(integer, 24)) return [0xf2, ...littleEndian(integer, 3)];
    if (fits(integer, 32)) return [0xf3, ...littleEndian(integer, 4)];
    return [0xf4, ...littleEndian(integer, 8)];
  }
  const bytes = [...Buffer.from(text, 'latin1')];
  if (bytes.length < 64) return [0x80 | bytes.length, ...bytes];
  if (bytes.length < 4096) return [0xe0 | (bytes.length >> 8), bytes.length & 0xff, ...bytes];
  return [0xf0, ...uint32(bytes.length), ...bytes];
}

function backLength(length: number): number[] {
  const size = length <= 127 ? 1 : length < 16_383 ? 2 : length < 2_097_151 ? 3 : 4;
  return Array.from(
    { length: size },
    (_, at) => ((length >> (7 * (size - 1 - at))) & 0x7f) | (at > 0 ? 0x80 : 0),
  );
}

export function listpackOf(texts: readonly string[]): Buffer {
  const body = texts.flatMap((text) => {
    const entry = listpackEntry(text);
    return [...entry, ...backLength(entry.length)];
  });
  const count = littleEndian(BigInt(Math.min(texts.length, 0xffff)), 2);
  return Buffer.from([...uint32(body.length + 7), ...count, ...body, 0xff]);
}

function ziplistEntry(text: string): number[] {
  const integer = integerOf(text);
  if (integer !== undefined) {
    if (integer >= 0n && integer <= 12n) return [0xf1 + Number(integer)];
    if (fits(integer, 8)) return [0xfe, ...littleEndian(integer, 1)];
    if (fits(integer, 16)) return [0xc0, ...littleEndian(integer, 2)];
    if (fits(integer, 24)) return [0xf0, ...littleEndian(integer, 3)];
    if (fits(integer, 32)) return [0xd0, ...littleEndian(integer, 4)];
    return [0xe0, ...littleEndian(integer, 8)];
  }
  const bytes = [...Buffer.from(text, 'latin1')];
  if (bytes.length < 64) return [bytes.length, ...bytes];
  if (bytes.length < 16_384) return [0x40 | (bytes.length >> 8), bytes.length & 0xff, ...bytes];
  return [0x80, ...uint32(bytes.length).reverse(), ...bytes];
}

export function ziplistOf(texts: readonly string[]): Buffer {
  const body: number[] = [];
  let before = 0;
  let tail = 10;
  for (const text of texts) {
    tail = 10 + body.length;
    body.push(...(before < 254 ? [before] : [0xfe, ...uint32(before)]), ...ziplistEntry(text));
    before = 10 + body.length - tail;
  }
  const count = littleEndian(BigInt(Math.min(texts.length, 0xffff)), 2);
  return Buffer.from([...uint32(body.length + 11), ...uint32(tail), ...count, ...body, 0xff]);
}

export function intsetOf(texts: readonly string[]): Buffer {
  const members = texts.map(BigInt).sort((a, b) => (a < b ? -1 : 1));
  const width = [2, 4, 8].find((bytes) => members.every((member) => fits(member, 8 * bytes)))!;
  return Buffer.from([
    ...uint32(width),
    ...uint32(members.length),
    ...members.flatMap((member) => littleEndian(member, width)),
  ]);
}

/** @param unused bytes left behind each value, as an overwritten longer one left them */
export function zipmapOf(texts: readonly string[], unused = 0): Buffer {
  const length = (bytes: number): number[] => (bytes < 254 ? [bytes] : [0xfe, ...uint32(bytes)]);
  const body = texts.flatMap((text, at) => [
    ...length(text.length),
    ...(at % 2 === 1 ? [unused] : []),
    ...Buffer.from(text, 'latin1'),
    ...(at % 2 === 1 ? Buffer.alloc(unused, 0x75) : []),
  ]);
  return Buffer.from([Math.min(texts.length / 2, 254), ...body, 0xff]);
}
