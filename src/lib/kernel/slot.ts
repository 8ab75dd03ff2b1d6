/**
 * Hash slots: a key belongs to one of 16384 slots, by CRC16-XMODEM of the key or of its hash tag.
 * Keys here are latin1 strings (one character per byte), as everywhere in the data plane.
 */

export const SLOT_COUNT = 16_384;

declare const slotBrand: unique symbol;
/** An integer in 0..16383. */
export type Slot = number & { readonly [slotBrand]: true };

export function isSlot(value: number): value is Slot {
  return Number.isInteger(value) && value >= 0 && value < SLOT_COUNT;
}

const CRC16_TABLE = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  CRC16_TABLE[byte] = crc & 0xffff;
}

/** CRC16-XMODEM (polynomial 0x1021, initial value 0) of `key[from, to)`. */
function crc16(key: string, from = 0, to = key.length): number {
  let crc = 0;
  for (let at = from; at < to; at++) {
    crc = ((crc << 8) & 0xffff) ^ CRC16_TABLE[((crc >> 8) ^ key.charCodeAt(at)) & 0xff]!;
  }
  return crc;
}

/** The slot of a key. Only the text between the first `{` and the next `}` counts, if there is any. */
export function slotOfKey(key: string): Slot {
  const open = key.indexOf('{');
  if (open >= 0) {
    const close = key.indexOf('}', open + 1);
    if (close > open + 1) return (crc16(key, open + 1, close) & (SLOT_COUNT - 1)) as Slot;
  }
  return (crc16(key) & (SLOT_COUNT - 1)) as Slot;
}
