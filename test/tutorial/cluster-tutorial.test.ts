/** The cluster tutorial, command by command from start to finish, with `trib` where it says redis-trib.rb. */
import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { hasNamespaces } from '../support/netns.js';
import { hasRedisServer } from '../support/real-server.js';
import { hasTerminal, openTerminal } from '../support/terminal.js';
import { itShardsAndFailsOver } from './sharding-and-failure.js';
import {
  type InstanceName,
  type ThreeServers,
  canListen,
  startThreeServers,
} from './three-servers.js';

const MASTERS = ['a_master', 'b_master', 'c_master'] as const;
type Master = (typeof MASTERS)[number];

const CREATE_PROMISES = [
  '>>>Creating cluster',
  '>>>Performing hash slots allocation on 3 nodes...',
  "Can I set the above configuration? (type 'yes' to accept): yes",
  '>>> Nodes configuration updated',
  '>>> Assign a different config epoch to each node',
  '>>> Sending CLUSTER MEET messages to join the cluster',
  'Waiting for the cluster to join.',
  '[OK] All nodes agree about slots configuration.',
  '>>> Check for open slots...',
  '>>> Check slots coverage...',
  '[OK] All 16384 slots covered.',
];

const SETTINGS = [
  ['embedded', 'loopback'],
  ['redis-server', 'loopback'],
  ['embedded', 'namespaces'],
  ['redis-server', 'namespaces'],
] as const;

for (const [kind, place] of SETTINGS) {
  describe(`the cluster tutorial, on ${kind} in three ${place === 'loopback' ? 'loopback addresses' : 'network namespaces'}`, function () {
    this.timeout(180_000);
    let servers: ThreeServers | undefined;

    before(async function () {
      if (kind === 'redis-server' && !hasRedisServer()) this.skip();
      if (!hasTerminal()) this.skip();
      // Linux answers on all of 127/8; elsewhere the addresses must be made first.
      if (place === 'loopback' && !(await canListen('127.0.0.3'))) this.skip();
      // redis-cli asks from inside a namespace.
      if (place === 'namespaces' && !(hasNamespaces() && hasRedisServer())) this.skip();
      servers = await startThreeServers(kind, place);
    });
    after(() => servers?.stop());

    it('creates a cluster of three masters, asking at the terminal', async () => {
      const { trib, instances, output } = servers!;
      const masters = [instances.a_master, instances.b_master, instances.c_master];
      const [command, ...words] = [...trib, 'create', ...masters.map(({ address }) => address)];
      const terminal = openTerminal(command, words);
      try {
        await terminal.see("(type 'yes' to accept): ", 30_000);
        terminal.type('yes\r');
        expect(await terminal.ended, `${terminal.text()}\n${output().slice(-2000)}`).to.equal(0);
        expectInOrder(terminal.text(), CREATE_PROMISES);
      } finally {
        await terminal.stop();
      }
    });

    for (const [slave, master] of [
      ['c_slave', 'c_master'],
      ['a_slave', 'a_master'],
      ['b_slave', 'b_master'],
    ] as const) {
      it(`adds ${slave} to ${master}`, async () => {
        const { ask, instances } = servers!;
        const ids = await Promise.all(
          MASTERS.map((name) => ask(instances[name], 'CLUSTER', 'MYID')),
        );
        const id = ids[MASTERS.indexOf(master)]!;
        const { status, text } = await run(servers!, [
          ...['add-node', '--slave', '--master-id', id],
          ...[instances[slave].address, instances[master].address],
        ]);
        expect(status, `${text}\n${servers!.output().slice(-2000)}`).to.equal(0);
        expectInOrder(text, addPromises(servers!.instances, slave, master, ids));
      });
    }

    it('ends with three masters of one slave each, as every node tells', async () => {
      const { ask, instances } = servers!;
      for (const witness of Object.values(instances)) {
        const lines = (await ask(witness, 'CLUSTER', 'NODES')).trimEnd().split('\n');
        expect(lines).to.have.length(6);
        for (const letter of ['a', 'b', 'c'] as const) {
          const master = lines.find((line) =>
            line.includes(` ${instances[`${letter}_master`].address}@`),
          )!;
          const slave = lines.find((line) =>
            line.includes(` ${instances[`${letter}_slave`].address}@`),
          )!;
          expect(master, witness.name).to.match(/ (myself,)?master - /);
          expect(slave, witness.name).to.match(/ (myself,)?slave /);
          expect(slave.split(' ')[3]).to.equal(master.split(' ')[0]);
        }
      }
    });

    itShardsAndFailsOver(() => servers!, kind === 'embedded' && place === 'loopback');
  });
}

/** What the tutorial shows for its first slave holds for all three: the node asked first, then by slots. */
function addPromises(
  instances: ThreeServers['instances'],
  slave: InstanceName,
  master: Master,
  ids: readonly string[],
): readonly string[] {
  const slots = ['0-5460 (5461 slots)', '5461-10922 (5462 slots)', '10923-16383 (5461 slots)'];
  const blockOf = (name: Master): readonly string[] => {
    const at = MASTERS.indexOf(name);
    return [`M: ${ids[at]!} ${instances[name].address}`, `slots:${slots[at]!} master`];
  };
  return [
    `>>> Adding node ${instances[slave].address} to cluster ${instances[master].address}`,
    `>>> Performing Cluster Check (using node ${instances[master].address})`,
    ...blockOf(master),
    '0 additional replica(s)',
    ...MASTERS.filter((name) => name !== master).flatMap(blockOf),
    '[OK] All nodes agree about slots configuration.',
    '>>> Check for open slots...',
    '>>> Check slots coverage...',
    '[OK] All 16384 slots covered.',
    `>>> Send CLUSTER MEET to node ${instances[slave].address} to make it join the cluster.`,
    'Waiting for the cluster to join...',
    `>>> Configure node as replica of ${instances[master].address}.`,
  ];
}

/** White space aside, and however many dots a wait has drawn. */
function expectInOrder(text: string, promised: readonly string[]): void {
  const bare = (line: string): string => line.replaceAll(/\s/g, '').replace(/\.+$/, '');
  const lines = text.split('\n').map(bare);
  let from = 0;
  for (const promise of promised) {
    const found = lines.indexOf(bare(promise), from);
    expect(found, `"${promise}" after line ${from} of:\n${text}`).to.be.at.least(0);
    from = found + 1;
  }
}

function run(
  { trib: [command, ...words] }: ThreeServers,
  args: readonly string[],
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...words, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status: status ?? -1, text }));
  });
}
