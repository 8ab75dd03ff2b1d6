/**
 * Sorted sets as queues: commands that take the lowest or the highest members off one of several sorted sets,
 * at once or when there are some. What waited travels as the command that would not have waited.
 */
import { integer, SYNTAX_ERROR } from './arguments.js';
import { multiPop, type Take, takeOrNothing, takeOrWait, type Taking } from './first-of-several.js';
import { noteRemoved } from './sorted-set-operations.js';
import { MemberReply } from './sorted-set-reply.js';
import type { StoreCall } from './store-call.js';
import { entryForWriting, type EntryOf } from './value-access.js';

type End = 'min' | 'max';

const END_OF_WORD: ReadonlyMap<string, End> = new Map([
  ['min', 'min'],
  ['max', 'max'],
]);
const POP_WORD = { min: 'ZPOPMIN', max: 'ZPOPMAX' } as const;
const POP_EVENT = { min: 'zpopmin', max: 'zpopmax' } as const;

interface Member {
  readonly member: string;
  readonly score: number;
}

export function zpopmin(call: StoreCall): void {
  pop(call, 'min');
}

export function zpopmax(call: StoreCall): void {
  pop(call, 'max');
}

function pop(call: StoreCall, end: End): void {
  const { argv, reply } = call;
  if (argv.length > 3) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const count = argv.length === 3 ? integer(argv[2]!) : 1;
  if (count === undefined || count < 0) {
    reply.error('ERR value is out of range, must be positive');
    return;
  }
  const entry = entryForWriting(call, argv[1]!, 'zset');
  if (entry === null) return;
  if (entry === undefined || count === 0) {
    reply.array(0);
    return;
  }
  const taken = takeOff(call, entry, end, count);
  // Only who gives a count gets pairs.
  const members = new MemberReply(reply, true, reply.protocol === 3 && argv.length === 3);
  members.begin(taken.length);
  for (const { member, score } of taken) members.add(member, score);
  noteRemoved(call, entry, POP_EVENT[end]);
}

/** Nobody is told yet: `noteRemoved` follows. */
function takeOff(call: StoreCall, entry: EntryOf<'zset'>, end: End, count: number): Member[] {
  const { value } = entry;
  call.db.willChange(entry);
  const taken: Member[] = [];
  const visit = (member: string, score: number): void => void taken.push({ member, score });
  if (end === 'min') value.ascend(0, count, visit);
  else value.descend(value.size - 1, count, visit);
  for (const { member } of taken) value.delete(member);
  return taken;
}

// --- off one of several -----------------------------------------------------

export function bzpopmin(call: StoreCall): void {
  popOrWait(call, 'min');
}

export function bzpopmax(call: StoreCall): void {
  popOrWait(call, 'max');
}

function popOrWait(call: StoreCall, end: End): void {
  const take: Take<'zset'> = (later, entry) => {
    const { key } = entry;
    const { member, score } = takeOff(later, entry, end, 1)[0]!;
    later.reply.array(3);
    later.reply.bulk(key);
    later.reply.bulk(member);
    later.reply.double(score);
    noteRemoved(later, entry, POP_EVENT[end]);
    later.propagate(POP_WORD[end], key);
  };
  const { argv } = call;
  takeOrWait(call, { type: 'zset', keys: argv.slice(1, -1), take }, argv.length - 1);
}

export function zmpop(call: StoreCall): void {
  takeOrNothing(call, manyTaken(call, 1));
}

export function bzmpop(call: StoreCall): void {
  takeOrWait(call, manyTaken(call, 2), 1);
}

function manyTaken(call: StoreCall, numberAt: number): Taking<'zset'> | undefined {
  const pop = multiPop(call, numberAt, END_OF_WORD);
  if (pop === undefined) return undefined;
  const { keys, end, count } = pop;
  const take: Take<'zset'> = (later, entry) => {
    const { key } = entry;
    const taken = takeOff(later, entry, end, count);
    later.reply.array(2);
    later.reply.bulk(key);
    const members = new MemberReply(later.reply, true, true);
    members.begin(taken.length);
    for (const { member, score } of taken) members.add(member, score);
    noteRemoved(later, entry, POP_EVENT[end]);
    later.propagate(POP_WORD[end], key, String(taken.length));
  };
  return { type: 'zset', keys, take };
}
