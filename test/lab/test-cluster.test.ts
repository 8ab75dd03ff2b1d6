/** Faults in a cluster of `trib/testing`, and what a client sees of them. */
import { expect } from 'chai';
import { startCluster, startNode, type Cluster, type ClusterNode } from '../../src/testing.js';
import { RespClient, show } from '../node/resp-client.js';
import { isListening } from '../support/is-listening.js';
import { redisCommand } from '../support/redis-command.js';
import { rejectionOf, thrownBy } from '../support/thrown-by.js';
import { waitUntil } from '../support/wait.js';

const NODE_TIMEOUT_MS = 1_000;

describe('a cluster of trib/testing', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  const clients: RespClient[] = [];

  const start = async (options: Parameters<typeof startCluster>[0] = {}): Promise<void> => {
    cluster = await startCluster({ nodeTimeoutMs: NODE_TIMEOUT_MS, ...options });
  };
  const connect = async (node: ClusterNode): Promise<RespClient> => {
    const client = await RespClient.open(node.port);
    clients.push(client);
    return client;
  };
  const ask = (node: ClusterNode, ...words: string[]): Promise<string> =>
    redisCommand(node.port, ...words);
  /** This line of what `by` says in CLUSTER NODES about `about`. */
  const lineOf = async (by: ClusterNode, about: ClusterNode): Promise<string> =>
    (await ask(by, 'CLUSTER', 'NODES')).split('\n').find((line) => line.startsWith(about.id))!;

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await cluster.stop();
  });

  it('kill: connections break, the replica takes over, and what restarts is a replica', async () => {
    await start();
    const killed = cluster.ownerOf('foo');
    const [heir] = cluster.replicasOf(killed);
    expect(await ask(killed, 'SET', 'foo', 'bar')).to.equal('OK');
    await waitUntil('the replica has it', async () => (await ask(heir!, 'DBSIZE')) === '1');
    const client = await connect(killed);
    await cluster.kill(killed);
    await waitUntil('the client is cut off', () => client.isClosed);
    expect(await isListening(killed.port)).to.equal(false);
    expect(killed.state).to.equal('stopped');
    await cluster.waitForConverged();
    expect(cluster.ownerOf('foo')).to.equal(heir);
    expect(heir!.role).to.equal('primary');
    expect(await ask(heir!, 'GET', 'foo')).to.equal('bar');
    expect(await lineOf(heir!, killed)).to.match(/ master,fail /);
    const { port, id } = killed;
    await cluster.restart(killed);
    await cluster.waitForConverged();
    expect([killed.port, killed.id, killed.role]).to.deep.equal([port, id, 'replica']);
    expect(killed.primaryId).to.equal(heir!.id);
  });

  it('pause: nothing is answered and nothing breaks; resume: everything is answered', async () => {
    await start({ primaries: 3, replicasPerPrimary: 0 });
    const [paused, other] = cluster.nodes as [ClusterNode, ClusterNode];
    const before = await connect(paused);
    expect(show(await before.call('PING'))).to.equal('+PONG');
    cluster.pause(paused);
    expect(paused.state).to.equal('paused');
    const during = await connect(paused);
    const answers: string[] = [];
    const pings = [before, during].map(async (client) =>
      answers.push(show(await client.call('PING'))),
    );
    await cluster.waitUntil('it is taken for dead', async () =>
      (await lineOf(other, paused)).includes(' master,fail '),
    );
    expect(answers).to.deep.equal([]);
    expect([before.isClosed, during.isClosed]).to.deep.equal([false, false]);
    cluster.resume(paused);
    await Promise.all(pings);
    expect(answers).to.deep.equal(['+PONG', '+PONG']);
  });

  it('pause: the replica takes over, and the old primary follows it when it wakes', async () => {
    await start();
    const paused = cluster.ownerOf('foo');
    const [heir] = cluster.replicasOf(paused);
    cluster.pause(paused);
    await cluster.waitForConverged();
    expect(heir!.role).to.equal('primary');
    cluster.resume(paused);
    await cluster.waitForConverged();
    expect(paused.role).to.equal('replica');
    expect(cluster.primaries).to.have.length(3);
  });

  it('partition: neither gossip nor replication passes, clients do; healing brings all together', async () => {
    await start();
    const cut = cluster.ownerOf('foo');
    const [heir] = cluster.replicasOf(cut);
    const cutting = cluster.partition(cut);
    expect(await ask(cut, 'SET', 'foo', 'lost')).to.equal('OK');
    await waitUntil('the majority has an heir', () => heir!.role === 'primary');
    await waitUntil('the minority serves no more', async () =>
      (await ask(cut, 'GET', 'foo')).startsWith('CLUSTERDOWN'),
    );
    expect(await ask(heir!, 'DBSIZE')).to.equal('0');
    await cluster.waitUntil('the new owner serves', () => cluster.ownerOf('foo') === heir);
    expect(await ask(heir!, 'SET', 'foo', 'kept')).to.equal('OK');
    const stuck = await rejectionOf(cluster.waitForConverged({ deadlineMs: 50 }));
    expect(stuck.code).to.equal('DEADLINE');
    expect(stuck.message).to.match(/127\.0\.0\.1:\d+ takes 127\.0\.0\.1:\d+ for dead/);
    cutting.heal();
    await cluster.waitForConverged();
    expect([cut.role, cut.primaryId]).to.deep.equal(['replica', heir!.id]);
    const reader = await connect(cut);
    await reader.call('READONLY');
    expect(show(await reader.call('GET', 'foo'))).to.equal('$"kept"');
  });

  it('partition: a MIGRATE across it ends with its timeout, and works once it has healed', async () => {
    await start({ primaries: 3, replicasPerPrimary: 0 });
    const from = cluster.ownerOf('foo');
    const to = cluster.nodes.find((node) => node !== from)!;
    await ask(from, 'SET', 'foo', 'bar');
    await ask(to, 'CLUSTER', 'SETSLOT', '12182', 'IMPORTING', from.id);
    await ask(from, 'CLUSTER', 'SETSLOT', '12182', 'MIGRATING', to.id);
    const migrate = (): Promise<string> =>
      ask(from, 'MIGRATE', to.host, String(to.port), 'foo', '0', '200');
    const cutting = cluster.partition([from], [to]);
    expect(await migrate()).to.match(/^IOERR error or timeout/);
    expect(await ask(to, 'DBSIZE')).to.equal('0');
    cutting.heal();
    expect(await migrate()).to.equal('OK');
    expect(await ask(to, 'DBSIZE')).to.equal('1');
  });

  it('delay: what passes between two nodes comes later, in order', async () => {
    await start({ primaries: 1, replicasPerPrimary: 1 });
    const [primary, replica] = cluster.nodes as [ClusterNode, ClusterNode];
    const client = await connect(primary);
    const slow = cluster.delay([primary, replica], 400);
    for (const value of ['1', '2', '3']) await client.call('SET', 'foo', value);
    expect(show(await client.call('WAIT', '1', '100'))).to.equal(':0');
    expect(show(await client.call('WAIT', '1', '10000'))).to.equal(':1');
    const reader = await connect(replica);
    await reader.call('READONLY');
    expect(show(await reader.call('GET', 'foo'))).to.equal('$"3"');
    slow.heal();
    await cluster.waitForConverged();
  });

  it('failover: this replica, one of that primary, and for a primary that is gone', async () => {
    await start();
    const [first, second] = cluster.primaries as [ClusterNode, ClusterNode];
    const [heir] = cluster.replicasOf(first);
    expect(await cluster.failover(heir!)).to.equal(heir);
    expect([heir!.role, first.role, first.primaryId]).to.deep.equal([
      'primary',
      'replica',
      heir!.id,
    ]);
    for (const node of cluster.nodes) expect(await lineOf(node, heir!)).to.match(/master - .* 0-/);
    expect(await cluster.failover(heir!)).to.equal(first);
    await cluster.kill(second);
    const promoted = await cluster.failover(cluster.replicasOf(second)[0]!.address);
    expect(promoted.role).to.equal('primary');
    const { code, message } = await rejectionOf(cluster.failover(promoted));
    expect(code).to.equal('FAILOVER_FAILED');
    expect(message).to.contain(`${promoted.address} has no replica that runs`);
  });

  it('flush empties all nodes; a password is asked of clients and said by nodes', async () => {
    await start({ primaries: 2, password: 'pass wörd' });
    expect(await ask(cluster.nodes[0]!, 'PING')).to.match(/^NOAUTH/);
    for (const key of ['foo', 'bar', 'baz']) {
      const client = await connect(cluster.ownerOf(key));
      await client.call('AUTH', Buffer.from('pass wörd').toString('latin1'));
      expect(show(await client.call('SET', key, '1'))).to.equal('+OK');
    }
    await cluster.flush();
    for (const node of cluster.nodes) {
      const client = await connect(node);
      await client.call('AUTH', Buffer.from('pass wörd').toString('latin1'));
      expect(show(await client.call('DBSIZE'))).to.equal(':0');
    }
    expect(cluster.nodes[0]!.url).to.match(/^redis:\/\/:pass%20w%C3%B6rd@127\.0\.0\.1:\d+$/);
  });

  it('says what is wrong with a call, and of which node', async () => {
    await start({ primaries: 1, replicasPerPrimary: 0 });
    const [node] = cluster.nodes as [ClusterNode];
    const stranger = await startCluster({ primaries: 1, replicasPerPrimary: 0 });
    const [foreign] = stranger.nodes as [ClusterNode];
    await stranger.stop();
    const unknown = thrownBy(() => cluster.pause(foreign));
    expect(unknown.code).to.equal('UNKNOWN_NODE');
    expect(unknown.message).to.equal(`${foreign.address} is no node of this cluster.`);
    expect(thrownBy(() => cluster.partition(node, [node])).code).to.equal('USAGE');
    expect(thrownBy(() => cluster.delay([node, node], -1)).code).to.equal('USAGE');
    expect(thrownBy(() => cluster.resume(node)).message).to.equal(
      `${node.address} cannot be resumed: it runs.`,
    );
    await cluster.kill(node);
    expect(thrownBy(() => cluster.pause(node)).message).to.equal(
      `${node.address} cannot be paused: it has been stopped.`,
    );
    const waited = await rejectionOf(
      cluster.waitUntil('pigs fly', () => Promise.reject(new Error('too heavy')), {
        deadlineMs: 20,
      }),
    );
    expect(waited.message).to.equal('Waited 20 ms in vain until pigs fly: too heavy');
    await cluster.stop();
    expect((await rejectionOf(cluster.kill(node))).message).to.equal(
      'This cluster has been stopped.',
    );
    expect(thrownBy(() => cluster.ownerOf('foo')).code).to.equal('LAB');
  });

  it('keeps its data through a kill when its configuration says so', async () => {
    await start({ primaries: 1, replicasPerPrimary: 0, config: { appendonly: 'yes' } });
    const [node] = cluster.nodes as [ClusterNode];
    expect(await ask(node, 'SET', 'foo', 'bar')).to.equal('OK');
    await cluster.kill(node);
    await cluster.restart(node);
    await cluster.waitForConverged();
    expect(await ask(node, 'GET', 'foo')).to.equal('bar');
  });

  it('refuses a port in use by name, and leaves nothing running', async () => {
    await start({ primaries: 1, replicasPerPrimary: 0 });
    const { port } = cluster.nodes[0]!;
    const error = await rejectionOf(startCluster({ primaries: 3, port: port - 1 }));
    expect(error.code).to.equal('ADDRESS_IN_USE');
    expect(error.message).to.contain(`127.0.0.1:${port}`);
    expect(await isListening(port - 1)).to.equal(false);
    expect((await rejectionOf(startNode({ port }))).message).to.contain(`127.0.0.1:${port}`);
  });
});

describe('a node of trib/testing', function () {
  this.timeout(20_000);

  it('is paused, killed and started again at its port, and is gone with its scope', async () => {
    const node = await startNode({ config: { 'maxmemory-policy': 'allkeys-lru' } });
    const { port } = node;
    const policy = await redisCommand(port, 'CONFIG', 'GET', 'maxmemory-policy');
    expect(policy).to.equal('2');
    const client = await RespClient.open(port);
    await client.call('SET', 'a', '1');
    node.pause();
    const late = client.call('DBSIZE');
    node.resume();
    expect(show(await late)).to.equal(':1');
    await node.flush();
    expect(show(await client.call('DBSIZE'))).to.equal(':0');
    await node.kill();
    await waitUntil('the client is cut off', () => client.isClosed);
    await node.restart();
    const last = await RespClient.open(port);
    expect(show(await last.call('PING'))).to.equal('+PONG');
    last.call('SHUTDOWN', 'NOSAVE').catch(() => undefined);
    await waitUntil('a client has ended it', () => node.state === 'stopped');
    await node.restart();
    expect(await redisCommand(port, 'PING')).to.equal('PONG');
    await node[Symbol.asyncDispose]();
    expect(node.state).to.equal('stopped');
    expect(await isListening(port)).to.equal(false);
  });
});
