/**
 * A file of redis-server with values of every type and encoding, damaged a hundred thousand times: each time
 * an RdbError or an answer, in whichever pieces it comes.
 */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Prng } from '../../src/lib/kernel/prng.js';
import { StagedLoad } from '../../src/lib/node/persistence/staged-load.js';
import { Keyspace } from '../../src/lib/node/store/keyspace.js';
import { RdbError } from '../../src/lib/wire/rdb/format.js';
import { RdbReader, type RdbReaderOptions } from '../../src/lib/wire/rdb/reader.js';
import { RespClient } from '../node/resp-client.js';
import { hasRedisServer, startRealServer } from '../support/real-server.js';

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const CASES = 100_000;

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${at}`);

const CONTENTS: readonly (readonly string[])[] = [
  ['SET', 'integer', '70000'],
  ['SET', 'compressed', 'ab'.repeat(200)],
  ['SET', 'expiring', 'v', 'PX', '10000000'],
  ['RPUSH', 'list', ...names('e', 20), '1', '-300', 'x'.repeat(80)],
  ['SADD', 'set', ...names('m', 5)],
  ['SADD', 'intset', '1', '-70000'],
  ['HSET', 'listpack', 'f', 'v', 'g', '7'],
  ['HSET', 'hash', 'f', 'x'.repeat(70)],
  ['ZADD', 'zset', '1.5', 'a', 'inf', 'b'],
  ['ZADD', 'skiplist', '1.5', 'x'.repeat(70)],
  ['XADD', 'stream', '1-1', 'f', 'v'],
  ['XGROUP', 'CREATE', 'stream', 'group', '0'],
  ['XREADGROUP', 'GROUP', 'group', 'alice', 'STREAMS', 'stream', '>'],
];

async function realFile(): Promise<Buffer> {
  const server = await startRealServer({ cluster: false });
  try {
    const client = await RespClient.open(server.port);
    for (const command of CONTENTS) await client.call(...command);
    await client.call('SAVE');
    client.close();
    return readFileSync(join(server.dir, 'dump.rdb'));
  } finally {
    await server.stop();
  }
}

describe('damaged files', function () {
  this.timeout(600_000);

  it(`are refused or read, seed ${seed}`, async function () {
    if (!hasRedisServer()) this.skip();
    const whole = await realFile();
    // Without its checksum every file is taken for what it is.
    whole.fill(0, whole.length - 8);
    const prng = new Prng(seed);
    const faults = new Map<string, number>();
    for (let run = 0; run < CASES; run++) {
      const bytes = damaged(whole, prng);
      const fault = faultOf(bytes, prng);
      faults.set(fault, (faults.get(fault) ?? 0) + 1);
    }
    // The damage is not always the same, nor always fatal.
    for (const fault of ['none', 'malformed', 'truncated', 'unsupported']) {
      expect([...faults.keys()]).to.include(fault);
    }
  });
});

function damaged(whole: Buffer, prng: Prng): Buffer {
  const bytes = Buffer.from(whole);
  for (let changes = 1 + prng.below(3); changes > 0; changes--) {
    const at = 9 + prng.below(bytes.length - 9);
    const other = 9 + prng.below(bytes.length - 9);
    const length = 1 + prng.below(8);
    if (prng.below(2) === 0) bytes[at] = prng.below(256);
    else bytes.copyWithin(at, other, Math.min(other + length, bytes.length));
  }
  return prng.below(4) === 0 ? bytes.subarray(0, prng.below(bytes.length)) : bytes;
}

function faultOf(bytes: Buffer, prng: Prng): string {
  const options: RdbReaderOptions = {
    served: prng.below(4) === 0 ? 'raw' : 'decode',
    unserved: (['refuse', 'skip', 'raw'] as const)[prng.below(3)]!,
  };
  const keyspace = new Keyspace({ databases: 2, indexesSlots: false });
  const reader = new RdbReader(new StagedLoad(keyspace, 0, { twice: 'replace' }), options);
  try {
    for (let at = 0; at < bytes.length && !reader.isDone;) {
      const length = 1 + prng.below(200);
      reader.push(bytes.subarray(at, at + length));
      at += length;
    }
    reader.end();
    return 'none';
  } catch (error) {
    if (error instanceof RdbError) return error.fault;
    throw error;
  }
}
