/** The second half of the cluster tutorial: what the slots hold, and what happens when a server fails. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { waitUntil } from '../support/wait.js';
import { withRedisCli } from './redis-cli.js';
import type { Instance, InstanceName, ThreeServers } from './three-servers.js';

/** As the tutorial shows them; a real 7.0 has them all, in this order, and some more. */
const CLUSTER_INFO = [
  ['cluster_state', 'ok'],
  ['cluster_slots_assigned', '16384'],
  ['cluster_slots_ok', '16384'],
  ['cluster_slots_pfail', '0'],
  ['cluster_slots_fail', '0'],
  ['cluster_known_nodes', '6'],
  ['cluster_size', '3'],
  ['cluster_current_epoch', /^\d+$/],
  ['cluster_my_epoch', '1'],
  ['cluster_stats_messages_ping_sent', /^[1-9]\d*$/],
  ['cluster_stats_messages_pong_sent', /^[1-9]\d*$/],
  ['cluster_stats_messages_sent', /^[1-9]\d*$/],
  ['cluster_stats_messages_ping_received', /^[1-9]\d*$/],
  ['cluster_stats_messages_pong_received', /^[1-9]\d*$/],
  ['cluster_stats_messages_received', /^[1-9]\d*$/],
] as const;

const replicationOf = (slave: Instance) =>
  [
    ['role', 'master'],
    ['connected_slaves', '1'],
    [
      'slave0',
      new RegExp(`^ip=${slave.host},port=${slave.port},state=online,offset=\\d+,lag=[01]$`),
    ],
    ['master_replid', /^[0-9a-f]{40}$/],
    ['master_replid2', '0'.repeat(40)],
    ['master_repl_offset', /^[1-9]\d*$/],
    ['second_repl_offset', '-1'],
    ['repl_backlog_active', '1'],
    ['repl_backlog_size', '1048576'],
    ['repl_backlog_first_byte_offset', '1'],
    ['repl_backlog_histlen', /^[1-9]\d*$/],
  ] as const;

/** @param isPatient wait for the node timeout of the tutorial, 15 s, and not for a shorter one. */
export function itShardsAndFailsOver(servers: () => ThreeServers, isPatient: boolean): void {
  const at = (name: InstanceName): string => servers().instances[name].address;
  const redirected = (slot: number, name: InstanceName): string =>
    `-> Redirected to slot [${slot}] located at ${at(name)}`;
  const cli = (): readonly string[] => servers().redisCli(servers().instances.a_master);

  it('tells of the cluster, and of the replication, at the prompt of redis-cli', async () => {
    const { ask, instances } = servers();
    await waitUntil('the master has sent something', async () =>
      /repl_offset:[1-9]/.test(await ask(instances.a_master, 'INFO', 'replication')),
    );
    await withRedisCli(cli(), async ({ type, prompt }) => {
      expect(prompt()).to.equal(at('a_master'));
      expectFields(await type('CLUSTER INFO'), CLUSTER_INFO);
      expectFields(await type('INFO replication'), replicationOf(instances.a_slave));
    });
  });

  it('redirects redis-cli to the masters of three slots', async () => {
    // The tutorial writes John, James and Andrew; its slots are those of the names in capitals.
    await withRedisCli(cli(), async ({ type, prompt }) => {
      expect(await type('SET JOHN Adams')).to.equal(`${redirected(6852, 'b_master')}\nOK`);
      expect(await type('SET JAMES Madison')).to.equal(`${redirected(2237, 'a_master')}\nOK`);
      expect(await type('SET ANDREW Jackson')).to.equal(`${redirected(15768, 'c_master')}\nOK`);
      expect(await type('GET JOHN')).to.equal(`${redirected(6852, 'b_master')}\n"Adams"`);
      expect(prompt()).to.equal(at('b_master'));
    });
    await withRedisCli(cli(), async ({ type, prompt }) => {
      expect(await type('SET John Adams')).to.equal(`${redirected(16006, 'c_master')}\nOK`);
      expect(await type('SET James Madison')).to.equal(`${redirected(7089, 'b_master')}\nOK`);
      expect(await type('SET Andrew Jackson')).to.equal('OK');
      expect(await type('GET John')).to.equal(`${redirected(16006, 'c_master')}\n"Adams"`);
      expect(prompt()).to.equal(at('c_master'));
    });
    await withRedisCli(cli(), async ({ type, prompt }) => {
      expect(await type('SET foo bar')).to.equal(`${redirected(12182, 'c_master')}\nOK`);
      expect(await type('GET foo')).to.equal('"bar"');
      expect(prompt()).to.equal(at('c_master'));
    });
  });

  it('stays online when server 3 fails: the slave on server 1 is promoted and has the key', async () => {
    const { ask, instances, stopServer } = servers();
    const ids = Object.fromEntries(
      await Promise.all(
        Object.entries(instances).map(async ([name, instance]) => [
          name,
          await ask(instance, 'CLUSTER', 'MYID'),
        ]),
      ),
    ) as Record<InstanceName, string>;
    await waitUntil(
      'the slave has the key',
      async () => (await ask(instances.c_slave, 'DBSIZE')) !== '0',
    );
    if (!isPatient) {
      const [command, ...words] = servers().trib;
      execFileSync(command, [...words, 'set-timeout', at('a_master'), '2000'], { stdio: 'pipe' });
    }
    await stopServer(3);
    const nodes = (): Promise<string> => ask(instances.a_master, 'CLUSTER', 'NODES');
    await waitUntil(
      'server 3 is known to have failed, and replaced',
      async () => {
        const text = await nodes();
        const isReplaced =
          text.includes(`${ids.c_slave} ${at('c_slave')}`) && / master - .* 10923-16383/.test(text);
        return isReplaced && text.match(/ (master|slave),fail /g)?.length === 2;
      },
      40_000,
    );
    await withRedisCli(cli(), async ({ type }) => {
      const lines = (await type('CLUSTER NODES')).split('\n').filter((line) => line !== '');
      const line = (name: InstanceName): string => {
        const found = lines.find((each) => each.startsWith(ids[name]));
        const [id, address = '', flags, primary, , , , link, ...slots] = found!.split(' ');
        expect(id).to.equal(ids[name]);
        expect(address).to.equal(`${at(name)}@${instances[name].port + 10_000}`);
        return [flags, primary, link, ...slots].join(' ');
      };
      expect(lines).to.have.length(6);
      expect(line('b_slave')).to.match(new RegExp(`^slave,fail ${ids.b_master} `));
      expect(line('a_slave')).to.equal(`slave ${ids.a_master} connected`);
      expect(line('c_slave')).to.equal('master - connected 10923-16383');
      expect(line('b_master')).to.equal('master - connected 5461-10922');
      expect(line('c_master')).to.match(/^master,fail - /);
      expect(line('a_master')).to.equal('myself,master - connected 0-5460');
      expect(await type('GET foo')).to.equal(`${redirected(12182, 'c_slave')}\n"bar"`);
    });
  });
}

/** Each of these fields, in this order; others may stand between them. */
function expectFields(
  text: string,
  wanted: readonly (readonly [name: string, value: string | RegExp])[],
): void {
  const fields = text
    .split('\n')
    .map((line) => /^(\w+):(.*?)\r?$/.exec(line))
    .flatMap((match) => (match ? [[match[1]!, match[2]!] as const] : []));
  let from = 0;
  for (const [name, value] of wanted) {
    const found = fields.findIndex(([each], index) => index >= from && each === name);
    expect(found, `${name} in its place in:\n${text}`).to.be.at.least(0);
    const shown = fields[found]![1];
    if (typeof value === 'string') expect(shown, name).to.equal(value);
    else expect(shown, name).to.match(value);
    from = found + 1;
  }
}
