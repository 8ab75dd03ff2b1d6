import { expect } from 'chai';
import { type EmbeddedNode, startNode } from '../../../src/lib/node/server/node.js';
import { waitUntil } from '../../support/wait.js';
import { RespClient, show } from '../resp-client.js';

describe('clients that wait for keys', () => {
  let node: EmbeddedNode;
  const clients: RespClient[] = [];

  const open = async (): Promise<RespClient> => {
    const client = await RespClient.open(node.port);
    clients.push(client);
    return client;
  };

  const untilBlocked = async (control: RespClient, count: number): Promise<void> => {
    await waitUntil(`${count} clients are blocked`, async () =>
      show(await control.call('INFO', 'clients')).includes(`blocked_clients:${count}\\r`),
    );
  };

  beforeEach(async () => {
    node = await startNode({ port: 0 });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await node.stop();
  });

  it('are served in the order they came', async () => {
    const control = await open();
    const served: number[] = [];
    const all: Promise<unknown>[] = [];
    for (let at = 0; at < 50; at++) {
      const client = await open();
      all.push(client.call('BLPOP', 'k', '0').then(() => served.push(at)));
      await untilBlocked(control, at + 1);
    }
    for (let at = 0; at < 50; at++) await control.call('RPUSH', 'k', 'x');
    await Promise.all(all);
    expect(served).to.deep.equal(Array.from({ length: 50 }, (_, at) => at));
  });

  it('may feed one another in a chain of any length', async () => {
    const control = await open();
    const links = 200;
    const replies = await Promise.all(
      Array.from({ length: links }, async (_, at) => {
        const client = await open();
        return () => client.call('BLMOVE', `k${at}`, `k${at + 1}`, 'LEFT', 'RIGHT', '0');
      }),
    );
    const waiting = replies.map((say) => say());
    await untilBlocked(control, links);
    await control.call('RPUSH', 'k0', 'x');
    const heard = await Promise.all(waiting);
    expect(heard.every((reply) => show(reply) === '$"x"')).to.equal(true);
    expect(show(await control.call('LRANGE', `k${links}`, '0', '-1'))).to.equal('array[$"x"]');
  });

  it('time out in the order of their times, and those with more time go on waiting', async () => {
    const control = await open();
    const heard: string[] = [];
    const all = ['0.06', '0.02', '0.04', '0'].map(async (seconds) => {
      const client = await open();
      await client.call('BLPOP', 'k', seconds);
      heard.push(seconds);
    });
    await Promise.all(all.slice(0, 3));
    expect(heard).to.deep.equal(['0.02', '0.04', '0.06']);
    await control.call('RPUSH', 'k', 'x');
    await all[3];
    expect(heard.at(-1)).to.equal('0');
  });

  it('hear nothing that they did not want to hear', async () => {
    const control = await open();
    const client = await open();
    const next = client.send('CLIENT REPLY SKIP\r\nBLPOP k 0\r\nPING\r\n');
    await untilBlocked(control, 1);
    await control.call('RPUSH', 'k', 'x');
    expect(show(await next)).to.equal('+PONG');
    const last = client.send('CLIENT REPLY OFF\r\nBLPOP k 0.01\r\nCLIENT REPLY ON\r\n');
    expect(show(await last)).to.equal('+OK');
  });

  it('are missed when they leave, also with commands sent ahead', async () => {
    const control = await open();
    const client = await open();
    client.socket.write('BLPOP k 0\r\nPING\r\n');
    await untilBlocked(control, 1);
    client.close();
    await untilBlocked(control, 0);
    expect(show(await control.call('RPUSH', 'k', 'x'))).to.equal(':1');
    expect(show(await control.call('LLEN', 'k'))).to.equal(':1');
  });
});
