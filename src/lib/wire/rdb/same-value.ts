/**
 * Whether two DUMP payloads hold the same value. Servers of two versions, or with other settings, write one
 * value in many ways (a listpack or a table, an integer or its digits), so payloads that differ are opened.
 * Values that cannot be opened here (streams, modules) are the same only when their bytes are.
 */
import { parseDump, type DumpReceiver } from './dump.js';

/** Two bytes of version and eight of checksum. */
const FOOTER_BYTES = 10;

/** @param a @param b DUMP payloads, as latin1 */
export function isSameValue(a: string, b: string): boolean {
  if (a.slice(0, -FOOTER_BYTES) === b.slice(0, -FOOTER_BYTES)) return true;
  const first = contentOf(a);
  const second = contentOf(b);
  if (first === undefined || first.length !== second?.length) return false;
  return first.every((word, at) => word === second[at]);
}

/** The kind of a value and its words, in an order that only depends on the value. */
function contentOf(payload: string): readonly string[] | undefined {
  let kind = '';
  const words: string[] = [];
  const receiver: DumpReceiver = {
    string: (value) => {
      kind = 'string';
      words.push(value);
    },
    collection: (holds) => {
      kind = holds;
      return {
        element: (text) => words.push(text) > 0,
        field: (name, value) => words.push(pair(name, value)) > 0,
        member: (member, score) => words.push(pair(member, String(score))) > 0,
      };
    },
  };
  if (!parseDump(payload, receiver).ok) return undefined;
  // Hashes, sets and the members of equal scores have no order of their own.
  return [kind, ...(kind === 'list' ? words : words.sort())];
}

/** One word of two: where the first ends is part of it. */
const pair = (first: string, second: string): string => `${first.length}:${first}${second}`;
