/**
 * Strings of entries as bytes: looking at parts of one and changing parts of it, without copying all of it
 * where it is large.
 */
import type { Entry } from './entry.js';

/** Shorter strings are put together anew; that is cheaper than keeping a buffer for each. */
const EDITED_BYTES_MIN = 4096;

export function isString(entry: Entry): boolean {
  return entry.edited !== undefined || typeof entry.value === 'string';
}

/** @param entry of a string, here and below */
export function stringLength(entry: Entry): number {
  return entry.edited?.length ?? textOf(entry).length;
}

/** 0 beyond the end. */
export function byteAt(entry: Entry, at: number): number {
  if (at >= stringLength(entry)) return 0;
  return entry.edited?.view(at, at + 1)[0] ?? textOf(entry).charCodeAt(at);
}

/** The bytes from `from` up to `to` as far as there are any; not to be kept beyond the next change. */
export function bytesOf(entry: Entry, from = 0, to = Infinity): Uint8Array {
  const end = Math.min(to, stringLength(entry));
  return (
    entry.edited?.view(from, Math.max(from, end)) ??
    Buffer.from(textOf(entry).slice(from, end), 'latin1')
  );
}

/** As `bytesOf`, as text. */
export function textBetween(entry: Entry, from: number, to: number): string {
  const end = Math.min(to, stringLength(entry));
  if (from >= end) return '';
  return entry.edited?.text(from, end) ?? textOf(entry).slice(from, end);
}

/**
 * Overwrites part of a string, which grows by zeros where it must. A copy of the whole only where it is
 * short, and once after the whole of it has been read.
 */
export function writeBytes(entry: Entry, offset: number, patch: string): void {
  const length = Math.max(stringLength(entry), offset + patch.length);
  if (length >= EDITED_BYTES_MIN) {
    entry.edit().write(offset, patch);
    return;
  }
  const before = textOf(entry).padEnd(offset, '\0');
  entry.value = before.slice(0, offset) + patch + before.slice(offset + patch.length);
}

function textOf(entry: Entry): string {
  return entry.value as string;
}
