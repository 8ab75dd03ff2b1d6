/** Data of every type on real servers, and what is there: key by key, value and time to live. */
import { RespClient } from '../node/resp-client.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';

/** NUL, line ends, invalid UTF-8, tags, spaces, per cent, quotes: everything that broke somebody's tool. */
export const ODD_KEYS: readonly string[] = [
  ...['plain', 'with space', '100%s%n', '\0nul\0inside\0', 'line\r\nend', '\xff\xfe\x80'],
  ...['{tag}one', '{tag}two', '{}empty', '"quoted\'', 'back\\slash', ''],
];

/** One key of every type and encoding, then plain ones up to `count`; latin1 words. */
export function commandsFor(count: number): string[][] {
  const many = (prefix: string, size: number) =>
    Array.from({ length: size }, (_, at) => `${prefix}${at}`);
  const odd = ODD_KEYS.map((key) => ['SET', key, `value of ${key}`]);
  const typed = [
    ['RPUSH', 'list:small', 'a', '1', '\xff\0'],
    ['RPUSH', 'list:large', ...many('element of some length ', 500)],
    ['SADD', 'set:ints', '1', '2', '300000'],
    ['SADD', 'set:large', ...many('member', 700)],
    ['HSET', 'hash:small', 'field', '\r\n', 'n', '12'],
    ['HSET', 'hash:large', ...many('f', 1_400)],
    ['ZADD', 'zset:small', '1', 'a', '-inf', 'b', '2.5', 'c'],
    ['ZADD', 'zset:large', ...many('m', 600).flatMap((member, at) => [String(at / 7), member])],
    ['XADD', 'stream', '1-1', 'field', 'value'],
    ['XADD', 'stream', '1-2', 'field', 'other', 'more', '\0'],
    ['XGROUP', 'CREATE', 'stream', 'group', '0'],
    ['XREADGROUP', 'GROUP', 'group', 'consumer', 'COUNT', '1', 'STREAMS', 'stream', '>'],
    ['SET', 'compressible', 'ab'.repeat(5_000)],
    ['SETBIT', 'bits', '9999', '1'],
    ['SET', 'expiring', 'soon', 'PX', '3600000'],
    ['SET', 'number', '-12345'],
    ['PFADD', 'hyperloglog', ...many('x', 40)],
  ];
  const plain = many('key:', Math.max(0, count)).map((key, at) => ['SET', key, `value ${at}`]);
  return [...odd, ...typed, ...plain];
}

export async function fill(client: RespClient, commands: readonly string[][]): Promise<void> {
  const replies = await Promise.all(commands.map((command) => client.call(...command)));
  const wrong = replies.find(({ kind }) => kind === 'error');
  if (wrong?.kind === 'error') throw new Error(wrong.text);
}

/** Routes every command to the node whose slot its key is in. */
export async function fillCluster(
  ports: readonly number[],
  commands: readonly string[][],
): Promise<void> {
  for (const command of commands) {
    const key = command[0] === 'XGROUP' ? command[2]! : keyOf(command);
    for (const port of ports) {
      const client = await cached(port);
      const reply = await client.call(...command);
      if (reply.kind !== 'error') break;
      if (!reply.text.startsWith('MOVED')) throw new Error(`${JSON.stringify(key)}: ${reply.text}`);
    }
  }
}

const keyOf = (command: readonly string[]): string =>
  command[0] === 'XREADGROUP' ? command[command.indexOf('STREAMS') + 1]! : command[1]!;

const clients = new Map<number, RespClient>();

async function cached(port: number): Promise<RespClient> {
  const known = clients.get(port);
  if (known && !known.isClosed) return known;
  const client = await RespClient.open(port);
  clients.set(port, client);
  return client;
}

/** Hangs up on all servers that were asked. */
export function hangUp(): void {
  for (const client of clients.values()) client.close();
  clients.clear();
}

/** Key to `type, digest, whether it expires`, over all these servers; a key on two of them is an error. */
export async function contentsOf(
  ports: readonly number[],
  database = 0,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const port of ports) {
    const client = await RespClient.open(port);
    if (database !== 0) await client.call('SELECT', String(database));
    const keys = words(await client.call('KEYS', '*'));
    for (const key of keys) {
      const asked = ['TYPE', 'DEBUG DIGEST-VALUE', 'PTTL'].map((name) =>
        client.call(...name.split(' '), key),
      );
      const [type, digest, ttl] = await Promise.all(asked);
      if (found.has(key)) throw new Error(`${JSON.stringify(key)} stands on two servers`);
      const expires = ttl?.kind === 'integer' && Number(ttl.value) >= 0;
      found.set(key, `${textOf(type!)} ${words(digest!).join()} ${expires ? 'expires' : 'stays'}`);
    }
    client.close();
  }
  return found;
}

function words(reply: Reply): string[] {
  return reply.kind === 'array' ? reply.items.map(textOf) : [textOf(reply)];
}

function textOf(reply: Reply): string {
  return 'text' in reply ? reply.text : JSON.stringify(reply);
}
