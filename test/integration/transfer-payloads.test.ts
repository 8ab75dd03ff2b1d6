/**
 * DUMP payloads travel between redis-server and an embedded node, in both directions, and RESTORE refuses
 * what is wrong with them in the same words and in the same order. DEBUG DIGEST is the judge of equality.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { textOf } from './config-link.js';

/** Each in the encoding that its comment names, on the real server. */
const VALUES: readonly string[] = [
  '',
  'short',
  '0', // int8
  '-128',
  '127',
  '128', // int16
  '-32768',
  '32768', // int32
  '-2147483648',
  '2147483648', // an integer too wide for the format: text
  '9223372036854775807',
  '007', // no canonical integer
  'x'.repeat(21), // LZF
  'ab'.repeat(5000),
  'x'.repeat(100_000),
  '\x00\r\n"\'\\\xff\xfe\xc3\x28',
  Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join(''),
  '\xc3\x28'.repeat(40),
];

const anyValue = fc
  .oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .array(fc.constantFrom(0, 97, 255), { maxLength: 600 })
      .map((bytes) => Uint8Array.from(bytes)),
  )
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('DUMP and RESTORE between redis-server and an embedded node', function () {
  this.timeout(60_000);
  let server: RealServer | undefined;
  let node: EmbeddedNode | undefined;
  let real: RespClient;
  let ours: RespClient;
  const clients: RespClient[] = [];

  before(async function () {
    if (!hasRedisServer()) this.skip();
    server = await startRealServer({ cluster: false });
    node = await startNode({ port: 0, config: { 'enable-debug-command': 'local' } });
    real = await RespClient.open(server.port);
    ours = await RespClient.open(node.port);
    clients.push(real, ours);
  });

  after(async () => {
    for (const client of clients) client.close();
    await node?.stop();
    await server?.stop();
  });

  beforeEach(async () => {
    await real.call('FLUSHALL');
    await ours.call('FLUSHALL');
  });

  async function carry(from: RespClient, to: RespClient, value: string): Promise<void> {
    await from.call('SET', 'k', value);
    const payload = await from.call('DUMP', 'k');
    expect(show(await to.call('RESTORE', 'k', '0', textOf(payload), 'REPLACE'))).to.equal('+OK');
    expect(await to.call('GET', 'k')).to.deep.equal({ kind: 'bulk', text: value });
    expect(await to.call('OBJECT', 'ENCODING', 'k')).to.deep.equal(
      await from.call('OBJECT', 'ENCODING', 'k'),
    );
  }

  it('a value of ours is restored by the real one, whatever its bytes', async () => {
    for (const value of VALUES) await carry(ours, real, value);
    await fc.assert(fc.asyncProperty(anyValue, (value) => carry(ours, real, value)));
  });

  it('a value of the real one is restored by ours: integers, LZF and plain', async () => {
    for (const value of VALUES) await carry(real, ours, value);
    await fc.assert(fc.asyncProperty(anyValue, (value) => carry(real, ours, value)));
  });

  it('a missing key has no payload on either', async () => {
    expect(await ours.call('DUMP', 'none')).to.deep.equal(await real.call('DUMP', 'none'));
  });

  it('RESTORE says the same to the same words', async () => {
    const payloads: string[] = [];
    for (const client of [real, ours]) {
      await client.call('SET', 'taken', 'old');
      payloads.push(textOf(await client.call('DUMP', 'taken')));
    }
    const key = fc.constantFrom('taken', 'free', 'soon');
    const ttl = fc.constantFrom('0', '100000', '-1', 'x', '1.5', '', '99999999999999999999');
    const payload = fc.constantFrom(...payloads, 'garbage', '', payloads[0]!.slice(0, -1) + '\x01');
    const option = fc.constantFrom(
      ...['REPLACE', 'absttl', 'IDLETIME', 'FREQ', '5', '-1', '256', '255', 'x', 'bogus'],
    );
    const name = fc.constantFrom('RESTORE', 'restore-asking');
    const command = fc
      .tuple(name, key, ttl, payload, fc.array(option, { maxLength: 4 }))
      .map(([verb, ...rest]) => [verb, ...rest.flat()]);
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 10 }), async (commands) => {
        const transcripts = await Promise.all(
          [real, ours].map(async (client) => {
            await client.call('FLUSHALL');
            await client.call('SET', 'taken', 'old');
            const lines: string[] = [];
            for (const argv of [...commands, ['GET', 'taken'], ['GET', 'free'], ['DBSIZE']]) {
              lines.push(`${JSON.stringify(argv)} -> ${show(await client.call(...argv))}`);
            }
            return [...lines, show(await client.call('DEBUG', 'DIGEST'))];
          }),
        );
        expect(transcripts[1]).to.deep.equal(transcripts[0]);
      }),
      { numRuns: 300 },
    );
  });

  it('a stream is refused as data, not as damage', async () => {
    await real.call('XADD', 'stream', '*', 'f', 'v');
    const refusal = show(
      await ours.call('RESTORE', 's', '0', textOf(await real.call('DUMP', 'stream'))),
    );
    expect(refusal).to.match(/^-ERR Bad data format: this is a stream \(version 2\)/);
  });

  it('the digests of the same data are equal, and of one value too', async () => {
    const zeros = show(await ours.call('DEBUG', 'DIGEST'));
    expect(zeros).to.equal(show(await real.call('DEBUG', 'DIGEST')));
    for (const client of [real, ours]) {
      for (const db of ['0', '3', '15']) {
        await client.call('SELECT', db);
        for (const value of VALUES) await client.call('SET', `${db}${value.slice(0, 30)}`, value);
        await client.call('SET', 'expires', 'v', 'EX', '1000');
      }
      await client.call('SELECT', '0');
    }
    const [theirs, mine] = await Promise.all([real, ours].map((client) => digestsOf(client)));
    expect(mine).to.deep.equal(theirs);
    expect(show(mine![0]!)).to.not.equal(zeros);
    await ours.call('APPEND', 'expires', 'x');
    expect((await digestsOf(ours))[0]).to.not.deep.equal(theirs![0]);
  });

  async function digestsOf(client: RespClient): Promise<Reply[]> {
    return [
      await client.call('DEBUG', 'DIGEST'),
      await client.call('DEBUG', 'DIGEST-VALUE', '0short', 'none', 'expires', '00'),
    ];
  }
});
