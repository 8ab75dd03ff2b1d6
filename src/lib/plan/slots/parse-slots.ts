/** `0-99,5461`: slots as people type them. */
import { TribError } from '../../kernel/errors.js';
import { rangesOf, type SlotRange } from '../../kernel/ranges.js';
import { SLOT_COUNT } from '../../kernel/slot.js';

/** @throws TribError USAGE */
export function parseSlots(words: readonly string[]): readonly SlotRange[] {
  const slots: number[] = [];
  for (const part of words.flatMap((word) => word.split(','))) {
    if (part.trim() === '') continue;
    const { first, last } = parsePart(part.trim());
    for (let slot = first; slot <= last; slot++) slots.push(slot);
  }
  return rangesOf(slots);
}

function parsePart(text: string): SlotRange {
  const match = /^\[?(\d{1,6})(?:-(\d{1,6}))?\]?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match) throw wrong(`'${text}' is no slot and no range of slots.`);
  if (last >= SLOT_COUNT)
    throw wrong(`There is no slot ${last}: the last one is ${SLOT_COUNT - 1}.`);
  if (first > last) throw wrong(`'${text}' is no range: it begins after its end.`);
  return { first, last };
}

function wrong(message: string): TribError {
  return new TribError('USAGE', message, { hint: 'Write 0-99,5461: slots 0 to 16383 and ranges.' });
}
