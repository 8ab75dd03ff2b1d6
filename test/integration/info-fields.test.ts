/** INFO against redis-server 7.0: the same sections and fields in the same order. */
import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { freePort } from '../support/free-port.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { ask, textOf } from './config-link.js';

describe('INFO against redis-server 7.0', function () {
  let server: RealServer | undefined;
  let node: EmbeddedNode | undefined;

  before(async function () {
    if (!hasRedisServer()) this.skip();
    server = await startRealServer({ cluster: false });
    node = await startNode({ port: await freePort() });
    // The same life so far, so that the same counters exist.
    for (const { port } of [server, node]) {
      await ask(port, [
        ['CONFIG', 'RESETSTAT'],
        ['SET', 'a', 'b', 'EX', '100'],
        ['NOSUCH'],
        ['GET', 'a'],
      ]);
    }
  });

  after(async () => {
    await node?.stop();
    await server?.stop();
  });

  async function both(...sections: readonly string[]): Promise<readonly [string, string]> {
    const [ours] = await ask(node!.port, [['INFO', ...sections]]);
    const [theirs] = await ask(server!.port, [['INFO', ...sections]]);
    return [textOf(ours), textOf(theirs)];
  }

  it('has every field in its place, and trib_version besides', async () => {
    const [ours, theirs] = await both('everything');
    const names = (text: string): readonly string[] =>
      text
        .split('\r\n')
        .map((line) => line.split(':')[0]!)
        .filter((name) => !name.startsWith('cmdstat_') && !name.startsWith('latency_percentiles'));
    expect(names(ours).filter((name) => name !== 'trib_version')).to.deep.equal(names(theirs));
  });

  it('answers to every way of naming sections', async () => {
    const asked: readonly (readonly string[])[] = [
      [],
      ['default'],
      ['all'],
      ['everything'],
      ['cpu', 'SERVER', 'nosuch'],
      ['nosuch'],
      ['keyspace', 'commandstats'],
      ['latencystats', 'default'],
    ];
    for (const sections of asked) {
      const [ours, theirs] = await both(...sections);
      const titles = (text: string): readonly string[] => text.match(/^# \w+/gm) ?? [];
      expect(titles(ours), sections.join(' ')).to.deep.equal(titles(theirs));
    }
  });

  it('counts commands, errors and keys', async () => {
    const [ours] = await both('everything');
    expect(ours).to.match(
      /\r\ncmdstat_set:calls=1,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=0,failed_calls=0\r\n/,
    );
    expect(ours).to.contain('\r\nerrorstat_ERR:count=1\r\n');
    expect(ours).to.match(
      /\r\nlatency_percentiles_usec_get:p50=\d+\.\d{3},p99=\d+\.\d{3},p99\.9=\d+\.\d{3}\r\n/,
    );
    expect(ours).to.match(/\r\ndb0:keys=1,expires=1,avg_ttl=(9\d{4}|100000)\r\n/);
    expect(ours).to.contain('\r\nredis_version:7.0.15\r\n');
    expect(ours).to.contain('\r\nkeyspace_hits:1\r\n');
  });

  it('FUNCTION DUMP makes what the real server restores, and takes what it makes', async () => {
    const [ours] = await ask(node!.port, [['FUNCTION', 'DUMP']]);
    const [theirs] = await ask(server!.port, [['FUNCTION', 'DUMP']]);
    expect(textOf(ours)).to.equal(textOf(theirs));
    for (const { port } of [server!, node!]) {
      const replies = await ask(port, [
        ['FUNCTION', 'RESTORE', textOf(ours)],
        ['FUNCTION', 'RESTORE', 'garbage'],
      ]);
      expect(replies.map(textOf)).to.deep.equal([
        'OK',
        'ERR DUMP payload version or checksum are wrong',
      ]);
    }
  });

  it('refuses functions and scripts in so many words, and is not taken for an old server', async () => {
    const code = '#!lua name=l\nredis.register_function("f", function() return 1 end)';
    await ask(server!.port, [['FUNCTION', 'LOAD', code]]);
    const [dump] = await ask(server!.port, [['FUNCTION', 'DUMP']]);
    const replies = await ask(node!.port, [
      ['FUNCTION', 'RESTORE', textOf(dump)],
      ['FUNCTION', 'LOAD', code],
      ['EVAL', 'return 1', '0'],
      ['FCALL', 'f', '0'],
      ['SCRIPT', 'LOAD', 'return 1'],
    ]);
    for (const reply of replies) expect(textOf(reply)).to.match(/^ERR Scripting is not served/);
  });

  it('answers the small ones as the real server does', async () => {
    const requests = [
      ['CONFIG'],
      ['CONFIG', 'FOO'],
      ['CONFIG', 'GET'],
      ['CONFIG', 'SET', 'hz', '10', 'port'],
      ['CONFIG', 'REWRITE'],
      ['SHUTDOWN', 'FOO'],
      ['SHUTDOWN', 'ABORT'],
      ['SHUTDOWN', 'SAVE', 'NOSAVE'],
      ['COMMAND', 'GETKEYS', 'SET', 'a', 'b'],
      ['COMMAND', 'GETKEYS', 'MSET', 'a', 'b', 'c', 'd'],
      ['COMMAND', 'GETKEYS', 'EVAL', 'x', '2', 'a', 'b', 'c'],
      ['COMMAND', 'GETKEYS', 'NOSUCH', 'a'],
      ['COMMAND', 'GETKEYS', 'CONFIG', 'GET', 'x'],
      ['COMMAND', 'LIST', 'FILTERBY', 'FOO', 'x'],
      ['COMMAND', 'LIST', 'FILTERBY', 'MODULE', 'x'],
      ['COMMAND', 'INFO', 'get', 'config|get', 'nosuch'],
      ['COMMAND', 'DOCS', 'nosuch'],
      ['SLOWLOG', 'RESET'],
      ['SLOWLOG', 'GET', '-2'],
      ['SLOWLOG', 'LEN'],
      ['LATENCY', 'LATEST'],
      ['LATENCY', 'GRAPH', 'foo'],
      ['LATENCY', 'RESET'],
      ['MEMORY', 'USAGE', 'nosuch'],
      ['MEMORY', 'USAGE', 'a', 'SAMPLES', '-1'],
      ['MEMORY', 'USAGE', 'a', 'SAMPL', '1'],
      ['MODULE', 'LIST'],
      ['FUNCTION', 'LIST', 'FOO'],
      ['FUNCTION', 'LIST', 'LIBRARYNAME'],
      ['FUNCTION', 'FLUSH', 'X'],
      ['FUNCTION', 'KILL'],
      ['FUNCTION', 'RESTORE', 'x', 'foo'],
      ['SCRIPT', 'EXISTS', 'a', 'b'],
      ['SCRIPT', 'KILL'],
      ['ACL', 'WHOAMI'],
      ['ACL', 'LIST'],
      ['ACL', 'USERS'],
      ['ACL', 'GETUSER', 'default'],
      ['ACL', 'GETUSER', 'nosuch'],
    ];
    const ours = await ask(node!.port, requests);
    const theirs = await ask(server!.port, requests);
    for (const [at, request] of requests.entries()) {
      expect(ours[at], request.join(' ')).to.deep.equal(theirs[at]);
    }
  });
});
