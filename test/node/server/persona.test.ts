import { expect } from 'chai';
import { slotOfKey } from '../../../src/lib/kernel/slot.js';
import { Configuration } from '../../../src/lib/node/config/configuration.js';
import { loadConfig } from '../../../src/lib/node/config/load.js';
import { rewriteConfig } from '../../../src/lib/node/config/rewrite.js';
import type { PersonaName } from '../../../src/lib/node/ports/persona.js';
import { type EmbeddedNode, startNode } from '../../../src/lib/node/server/node.js';
import { encodeRequest } from '../../../src/lib/wire/resp/request-encoder.js';
import { waitUntil } from '../../support/wait.js';
import { RespClient, show } from '../resp-client.js';

describe('persona', () => {
  let node: EmbeddedNode | undefined;
  let client: RespClient | undefined;

  async function start(persona: PersonaName, config: Record<string, string> = {}): Promise<void> {
    node = await startNode({ port: 0, cluster: true, config: { persona, ...config } });
    client = await RespClient.open(node.port);
    await say('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await waitUntil('the node serves', async () =>
      (await say('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
  }

  const say = async (...argv: string[]): Promise<string> =>
    show(await client!.call(...argv))
      .replaceAll('array[', '[')
      .replaceAll(', ', ' ');

  const info = async (): Promise<Map<string, string>> => {
    const text = (await client!.call('INFO', 'server')) as { text: string };
    return new Map(text.text.split('\r\n').map((line) => line.split(':') as [string, string]));
  };

  afterEach(async () => {
    client?.close();
    await node?.stop();
    node = client = undefined;
  });

  it('is redis 7.0.15 unless told otherwise, and then knows nothing of the others', async () => {
    await start('redis-7.0');
    expect((await info()).get('redis_version')).to.equal('7.0.15');
    expect((await info()).has('server_name')).to.equal(false);
    for (const name of ['MIGRATESLOTS', 'MIGRATION', 'SLOT-STATS', 'SYNCSLOTS']) {
      expect(await say('CLUSTER', name, 'a', 'b')).to.equal(
        `-ERR unknown subcommand '${name}'. Try CLUSTER HELP.`,
      );
    }
    expect(await say('CONFIG', 'GET', 'cluster-databases')).to.equal('[]');
    expect(await say('CONFIG', 'GET', '*persona*')).to.equal('[]');
    expect(await say('CONFIG', 'SET', 'cluster-slot-stats-enabled', 'yes')).to.match(
      /^-ERR Unknown/,
    );
    expect(await say('SELECT', '1')).to.equal('-ERR SELECT is not allowed in cluster mode');
  });

  it('tells version, commands and directives of Valkey 9 together', async () => {
    await start('valkey-9', { 'availability-zone': 'west-1' });
    const facts = await info();
    expect(facts.get('redis_version')).to.equal('7.2.4');
    expect(facts.get('server_name')).to.equal('valkey');
    expect(facts.get('valkey_version')).to.equal('9.0.0');
    expect(facts.get('availability_zone')).to.equal('west-1');
    const hello = await say('HELLO');
    expect(hello).to.contain('$"server" $"valkey" $"version" $"9.0.0"');
    expect(hello).to.contain('$"availability_zone" $"west-1"');
    expect(await say('COMMAND', 'INFO', 'cluster|migrateslots')).to.contain('cluster|migrateslots');
    expect(await say('COMMAND', 'INFO', 'cluster|migration')).to.equal('[nil-bulk]');
    expect(await say('COMMAND', 'DOCS', 'cluster|slot-stats')).to.contain('8.0.0');
    expect(await say('CLUSTER', 'HELP')).to.contain('MIGRATESLOTS');
    expect(await say('CONFIG', 'GET', 'persona')).to.equal('[$"persona" $"valkey-9"]');
    expect(await say('CONFIG', 'GET', 'cluster-slot-migration-h*')).to.equal('[]');
  });

  it('tells version, commands and directives of Redis 8.4 together', async () => {
    await start('redis-8.4');
    const facts = await info();
    expect(facts.get('redis_version')).to.equal('8.4.0');
    expect(facts.has('valkey_version')).to.equal(false);
    expect(await say('HELLO')).to.contain('$"server" $"redis" $"version" $"8.4.0"');
    expect(await say('COMMAND', 'INFO', 'cluster|migration')).to.contain('cluster|migration');
    expect(await say('COMMAND', 'INFO', 'cluster|migrateslots')).to.equal('[nil-bulk]');
    expect(await say('CONFIG', 'GET', 'cluster-slot-migration-write-pause-timeout')).to.contain(
      '10000',
    );
  });

  it('counts keys by slot, and time and bytes once that is wanted', async () => {
    await start('valkey-9');
    await say('MSET', '{a}1', 'x', '{a}2', 'y');
    await say('SET', 'b', 'z');
    const slot = String(slotOfKey('{a}'));
    const range = ['CLUSTER', 'SLOT-STATS', 'SLOTSRANGE', slot, slot];
    expect(await say(...range)).to.equal(`[[:${slot} [$"key-count" :2]]]`);
    const first = ['CLUSTER', 'SLOT-STATS', 'ORDERBY', 'key-count', 'LIMIT', '1'];
    expect(await say(...first)).to.equal(`[[:${slot} [$"key-count" :2]]]`);
    expect(await say(...first, 'ASC')).to.equal('[[:0 [$"key-count" :0]]]');
    expect(await say('CLUSTER', 'SLOT-STATS', 'ORDERBY', 'cpu-usec')).to.equal(
      '-ERR Unrecognized sort metric for ORDERBY.',
    );
    expect(await say(...first, 'LIMIT', '2')).to.equal(
      '-ERR Multiple filters of the same type are disallowed.',
    );
    expect(await say('CLUSTER', 'SLOT-STATS', 'SLOTSRANGE', '2', '1')).to.equal(
      '-ERR Start slot number 2 is greater than end slot number 1',
    );
    await say('CONFIG', 'SET', 'cluster-slot-stats-enabled', 'yes');
    expect(await say('GET', '{a}1')).to.equal('$"x"');
    const sent = encodeRequest(['GET', '{a}1']).length;
    expect(await say(...range)).to.match(
      new RegExp(`"cpu-usec" :\\d+ \\$"network-bytes-in" :${sent} \\$"network-bytes-out" :7]`),
    );
    await client!.call('MULTI');
    await client!.call('GET', '{a}1');
    await client!.call('EXEC');
    const more = 2 * sent + encodeRequest(['MULTI']).length + encodeRequest(['EXEC']).length;
    expect(await say(...range)).to.contain(`$"network-bytes-in" :${more}`);
    await say('CONFIG', 'RESETSTAT');
    expect(await say(...range)).to.contain('$"cpu-usec" :0 $"network-bytes-in" :0');
  });

  it('has as many databases in a cluster as Valkey lets it have', async () => {
    await start('valkey-9', { 'cluster-databases': '3' });
    const slot = String(slotOfKey('a'));
    await say('SET', 'a', 'zero');
    expect(await say('SELECT', '2')).to.equal('+OK');
    expect(await say('CLUSTER', 'COUNTKEYSINSLOT', slot)).to.equal(':0');
    await say('SET', 'a', 'two');
    await say('SET', '{a}b', 'two');
    expect(await say('CLUSTER', 'COUNTKEYSINSLOT', slot)).to.equal(':2');
    expect(await say('CLUSTER', 'GETKEYSINSLOT', slot, '9')).to.contain('{a}b');
    expect(await say('CLUSTER', 'SLOT-STATS', 'SLOTSRANGE', slot, slot)).to.contain(':3');
    expect(await say('MOVE', '{a}b', '1')).to.equal(':1');
    expect(await say('SELECT', '3')).to.equal('-ERR DB index is out of range');
    expect(await say('SELECT', '0')).to.equal('+OK');
    expect(await say('GET', 'a')).to.equal('$"zero"');
    expect(await say('CLUSTER', 'COUNTKEYSINSLOT', slot)).to.equal(':1');
  });

  describe('in a config file', () => {
    const read = (text: string): [Configuration, string | undefined] => {
      const config = new Configuration();
      const problem = loadConfig(config, [{ where: 'f', text }], () => ({ ok: true, value: [] }));
      return [config, problem && `${problem.line} ${problem.reason}`];
    };

    it('may stand behind what it allows', () => {
      const [config, problem] = read('cluster-databases 4\npersona valkey-9\n');
      expect(problem).to.equal(undefined);
      expect(config.number('cluster-databases')).to.equal(4);
      expect(rewriteConfig('', config)).to.contain('persona valkey-9');
    });

    it('leaves the directives of others unknown', () => {
      const [, problem] = read('port 1\ncluster-databases 4\n');
      expect(problem).to.equal('2 Bad directive or wrong number of arguments');
      expect(rewriteConfig('', new Configuration())).not.to.contain('cluster-databases');
    });
  });
});
