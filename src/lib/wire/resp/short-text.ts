/**
 * Short texts out of a buffer. Most words of most requests have fewer than twenty bytes, and for those the
 * call into Node's C++ (`latin1Slice`) costs several times what the text does. V8 makes a string of given
 * characters without leaving JavaScript's machine code, if each is an argument of its own; hence the table.
 */

/** Longer texts are `latin1Slice`'s. */
const SHORT_BYTES_MAX = 20;

/** The bytes of `buffer[at, at + length)` as latin1. */
export function latin1Text(buffer: Buffer, at: number, length: number): string {
  return length <= SHORT_BYTES_MAX
    ? shortText(buffer, at, length)
    : buffer.latin1Slice(at, at + length);
}

const from = String.fromCharCode;

// prettier-ignore
function shortText(b: Buffer, i: number, length: number): string {
  switch (length) {
    case 1: return from(b[i]!);
    case 2: return from(b[i]!, b[i+1]!);
    case 3: return from(b[i]!, b[i+1]!, b[i+2]!);
    case 4: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!);
    case 5: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!);
    case 6: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!);
    case 7: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!);
    case 8: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!);
    case 9: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!);
    case 10: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!);
    case 11: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!);
    case 12: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!, b[i+11]!);
    case 13: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!, b[i+11]!, b[i+12]!);
    case 14: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!, b[i+11]!, b[i+12]!, b[i+13]!);
    case 15: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!, b[i+11]!, b[i+12]!, b[i+13]!, b[i+14]!);
    case 16: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!, b[i+11]!, b[i+12]!, b[i+13]!, b[i+14]!, b[i+15]!);
    case 17: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!, b[i+11]!, b[i+12]!, b[i+13]!, b[i+14]!, b[i+15]!, b[i+16]!);
    case 18: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!, b[i+11]!, b[i+12]!, b[i+13]!, b[i+14]!, b[i+15]!, b[i+16]!, b[i+17]!);
    case 19: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!, b[i+11]!, b[i+12]!, b[i+13]!, b[i+14]!, b[i+15]!, b[i+16]!, b[i+17]!, b[i+18]!);
    case 20: return from(b[i]!, b[i+1]!, b[i+2]!, b[i+3]!, b[i+4]!, b[i+5]!, b[i+6]!, b[i+7]!, b[i+8]!, b[i+9]!, b[i+10]!, b[i+11]!, b[i+12]!, b[i+13]!, b[i+14]!, b[i+15]!, b[i+16]!, b[i+17]!, b[i+18]!, b[i+19]!);
    default: return '';
  }
}

const MEMORY_SIZE = 32;
const REMEMBERED_BYTES_MAX = 12;

/**
 * Gives the same string again for bytes that it has seen lately, which costs no memory, and a string that
 * has been looked up in a table before is found there sooner: for the names of commands.
 */
export class TextMemory {
  readonly #texts = new Array<string>(MEMORY_SIZE).fill('');

  text(buffer: Buffer, at: number, length: number): string {
    if (length > REMEMBERED_BYTES_MAX || length === 0) return latin1Text(buffer, at, length);
    const place = (buffer[at]! * 5 + buffer[at + length - 1]! * 3 + length) & (MEMORY_SIZE - 1);
    const known = this.#texts[place]!;
    if (known.length === length && isSame(known, buffer, at)) return known;
    return (this.#texts[place] = shortText(buffer, at, length));
  }
}

function isSame(text: string, buffer: Buffer, at: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== buffer[at + index]) return false;
  }
  return true;
}
