/**
 * What commands do to their keys and where those stand, for COMMAND INFO and COMMAND GETKEYSANDFLAGS: proxies
 * and permission systems go by it.
 *
 * One spec is what happens to the keys, and where the first of them stands: `@1` at the first word, `@1..-1` from
 * there to the last word (`/2` every second one), `@2#` so many as word 2 says, `@KEYS:-2` behind that keyword,
 * looked for from there on, `@?` anywhere.
 */

/** Specs, with the commands that have them. */
const COMMANDS_BY_SPECS: readonly (readonly [specs: string, names: string])[] = [
  ['OW insert @1', 'setnx'],
  ['OW insert @1..-1/2', 'msetnx'],
  ['OW update @1', 'psetex restore restore-asking setex'],
  ['OW update @1..-1/2', 'mset'],
  ['OW update @1; RO access @2', 'zrangestore'],
  ['OW update @1; RO access @2#', 'zdiffstore zinterstore zunionstore'],
  ['OW update @1; RO access @2..-1', 'sdiffstore sunionstore'],
  ['OW update @2; RO access @3..-1', 'bitop'],
  ['RM delete @1..-1', 'del unlink'],
  ['RO @1', 'hexists hlen hstrlen llen scard sismember strlen type zcard'],
  ['RO @1..-1', 'exists touch watch'],
  ['RO @2', 'memory|usage object|encoding object|freq object|idletime object|refcount'],
  [
    'RO access @1',
    'bitcount bitfield_ro bitpos dump expiretime get getbit getrange hget hgetall hkeys hmget hrandfield hscan hvals lindex lpos lrange pexpiretime pttl smembers smismember srandmember sscan substr ttl zcount zlexcount zmscore zrandmember zrange zrangebylex zrangebyscore zrank zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore',
  ],
  ['RO access @1#', 'sintercard zdiff zinter zintercard zunion'],
  ['RO access @1..-1', 'mget sdiff sinter sunion'],
  ['RO access @1..1', 'lcs'],
  ['RO access @1; OW update @2', 'copy'],
  ['RO access @1; RO access @?', 'sort_ro'],
  ['RO access @1; RO access @?; OW update @?', 'sort'],
  ['RO access @2#', 'eval_ro evalsha_ro fcall_ro'],
  ['RW access delete @1', 'getdel lpop rpop spop zpopmax zpopmin'],
  ['RW access delete @1#', 'lmpop zmpop'],
  ['RW access delete @1..-2', 'blpop brpop bzpopmax bzpopmin'],
  ['RW access delete @1; OW insert @2', 'renamenx'],
  ['RW access delete @1; OW update @2', 'rename'],
  ['RW access delete @1; RW insert @2', 'blmove brpoplpush lmove rpoplpush smove'],
  ['RW access delete @2#', 'blmpop bzmpop'],
  ['RW access delete @3; RW access delete incomplete @KEYS:-2..-1', 'migrate'],
  [
    'RW access update @1',
    'decr decrby getex getset hincrby hincrbyfloat incr incrby incrbyfloat move setbit zincrby',
  ],
  ['RW access update @2#', 'eval evalsha fcall'],
  ['RW access update variable_flags @1', 'bitfield set'],
  ['RW delete @1', 'hdel lrem ltrim srem zrem zremrangebylex zremrangebyrank zremrangebyscore'],
  ['RW insert @1', 'append hsetnx linsert lpush lpushx rpush rpushx sadd'],
  ['RW update @1', 'expire expireat hmset hset lset persist pexpire pexpireat setrange zadd'],
  ['RW update @1; RO access @2..-1', 'sinterstore'],
  ['not_key @1', 'spublish'],
  ['not_key @1..-1', 'ssubscribe sunsubscribe'],
];

export type KeysBegin =
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'keyword'; readonly keyword: string; readonly startFrom: number }
  | { readonly kind: 'unknown' };

/** `last` counts from the first key, or from the end of the words where it is negative. */
export type KeysFound =
  | { readonly kind: 'range'; readonly last: number; readonly step: number }
  | { readonly kind: 'keynum' }
  | { readonly kind: 'unknown' };

export interface KeySpec {
  readonly flags: readonly string[];
  readonly begin: KeysBegin;
  readonly find: KeysFound;
}

const SPECS: ReadonlyMap<string, readonly KeySpec[]> = new Map(
  COMMANDS_BY_SPECS.flatMap(([specs, names]) => {
    const parsed = specs.split('; ').map(parse);
    return names.split(' ').map((name) => [name, parsed] as const);
  }),
);

/** @param fullName `get`, `object|encoding` */
export function keySpecsOf(fullName: string): readonly KeySpec[] {
  return SPECS.get(fullName) ?? [];
}

function parse(text: string): KeySpec {
  const [before = '', place = ''] = text.split('@');
  const flags = before.trim().split(' ');
  if (place === '?') return { flags, begin: { kind: 'unknown' }, find: { kind: 'unknown' } };
  const [, start = '', counted, last = '0', step = '1'] =
    /^([^.#/]+)(#)?(?:\.\.(-?\d+))?(?:\/(\d+))?$/.exec(place) ?? [];
  const [first = '', startFrom] = start.split(':');
  return {
    flags,
    begin:
      startFrom === undefined
        ? { kind: 'index', index: Number(first) }
        : { kind: 'keyword', keyword: first, startFrom: Number(startFrom) },
    find:
      counted === undefined
        ? { kind: 'range', last: Number(last), step: Number(step) }
        : { kind: 'keynum' },
  };
}

/** What a command does to the key at an index of its words. */
export function accessTo(
  fullName: string,
  words: readonly string[],
  index: number,
): readonly string[] {
  const options = words.slice(2).map((word) => word.toLowerCase());
  if (fullName === 'set') return options.includes('get') ? CHANGES : ['OW', 'update'];
  if (fullName === 'bitfield') {
    return options.includes('set') || options.includes('incrby') ? CHANGES : ['RO', 'access'];
  }
  // The specs of a command come in the order of its words.
  const spec = keySpecsOf(fullName).findLast(({ begin }) => beginsAt(begin, words) <= index);
  return spec?.flags.filter((flag) => flag !== 'incomplete') ?? [];
}

const CHANGES = ['RW', 'access', 'update'] as const;

function beginsAt(begin: KeysBegin, words: readonly string[]): number {
  switch (begin.kind) {
    case 'index':
      return begin.index;
    case 'keyword':
      return words.findIndex((word) => word.toUpperCase() === begin.keyword);
    case 'unknown':
      // Behind the fixed one.
      return 2;
  }
}
