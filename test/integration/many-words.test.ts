/** Commands of very many words: what redis-server takes, and what it sends its replicas, is taken here. */
import { expect } from 'chai';
import { RespClient, show } from '../node/resp-client.js';
import { encodeRequest } from '../../src/lib/wire/resp/request-encoder.js';
import { hasRedisServer } from '../support/real-server.js';
import { equal, follow, linked, type Server, Servers } from './repl-support.js';

/** More than a function call takes arguments, and less. */
const COUNTS = [1000, 130_000];

const COMMANDS: readonly (readonly [string, (count: number) => string[]])[] = [
  ['BITOP', (count) => ['BITOP', 'OR', 'to', ...keys(count)]],
  ['BITFIELD', (count) => ['BITFIELD', 'to', ...repeated(['SET', 'u8', '0', '1'], count)]],
  ['SUNIONSTORE', (count) => ['SUNIONSTORE', 'union', ...keys(count).map((key) => `no:${key}`)]],
  ['ZADD', (count) => ['ZADD', 'zset', ...keys(count).flatMap((key, at) => [String(at), key])]],
  ['DEL', (count) => ['DEL', ...keys(count)]],
];

function keys(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `k${at}`);
}

function repeated(words: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => words).flat();
}

describe('commands of very many words', function () {
  this.timeout(60_000);
  const servers = new Servers();
  let real: Server;
  let embedded: Server;
  before(async function () {
    if (!hasRedisServer()) this.skip();
    real = await servers.start('real');
    embedded = await servers.start('embedded');
  });
  after(() => servers.stop());

  for (const count of COUNTS) {
    it(`of ${count} operands are answered as by redis-server`, async () => {
      for (const [name, words] of COMMANDS) {
        const bytes = encodeRequest(words(count));
        const wanted = show(await real.client.send(bytes));
        const got = show(await embedded.client.send(bytes));
        expect(got === wanted, `${name}: ${got.slice(0, 80)}`).to.equal(true);
      }
    });
  }

  it('of more than a million are taken from clients, and from a primary', async () => {
    const bytes = encodeRequest(['DEL', ...keys(1_100_000)]);
    await embedded.client.call('SET', 'k1099999', 'x');
    const client = await RespClient.open(embedded.port);
    expect(show(await client.send(bytes))).to.equal(':1');
    client.close();
    await follow(embedded, real);
    await linked(embedded);
    await real.client.call('SET', 'k1099999', 'x');
    expect(show(await real.client.send(bytes))).to.equal(':1');
    await equal(real, embedded);
    expect(show(await embedded.client.call('EXISTS', 'k1099999'))).to.equal(':0');
  });
});
