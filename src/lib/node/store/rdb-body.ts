/**
 * Values as the RDB format writes them, in files, in transfers and in DUMP payloads. The plain forms are used
 * (a list is a row of strings), which every server since 4.0 reads and lays out again as it likes.
 */
import type { RdbBody } from '../../wire/rdb/writer.js';
import type { TypeName, Value } from './value.js';

/** Codes of the plain forms; a sorted set has its scores as doubles. */
export const RDB_TYPE_OF: Readonly<Record<TypeName, number>> = {
  string: 0,
  list: 1,
  set: 2,
  hash: 4,
  zset: 5,
};

export function writeRdbBody(body: RdbBody, value: Value): void {
  if (typeof value === 'string') {
    body.text(value);
    return;
  }
  switch (value.kind) {
    case 'list':
      body.length(value.length);
      for (const element of value) body.text(element);
      return;
    case 'set':
      body.length(value.size);
      for (const member of value) body.text(member);
      return;
    case 'hash':
      body.length(value.size);
      value.forEach((field, text) => {
        body.text(field);
        body.text(text);
      });
      return;
    case 'zset':
      body.length(value.size);
      // From the highest down, in which order real servers, too, write and then insert them fastest.
      value.descend(value.size - 1, value.size, (member, score) => {
        body.text(member);
        body.double(score);
      });
  }
}
