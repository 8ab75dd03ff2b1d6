/** A bug of ours in one command, or in one node, is not the end of everything in the process. */
import { expect } from 'chai';
import { Configuration } from '../../../src/lib/node/config/configuration.js';
import { type EmbeddedNode, startNode } from '../../../src/lib/node/server/node.js';
import { waitUntil } from '../../support/wait.js';
import { RespClient, show } from '../resp-client.js';

/** Stands for a command with a bug: CONFIG GET throws. */
class BrokenConfiguration extends Configuration {
  override matching(): never {
    throw new TypeError('a bug of ours');
  }
}

describe('what nobody expected', () => {
  const nodes: EmbeddedNode[] = [];
  const clients: RespClient[] = [];
  let log: string[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
    log = [];
  });

  async function start(config?: Configuration): Promise<[EmbeddedNode, RespClient]> {
    const node = await startNode({
      port: 0,
      log: (level, text) => void log.push(`${level}: ${text}`),
      ...(config === undefined ? { cluster: true } : { config }),
    });
    nodes.push(node);
    const client = await RespClient.open(node.port);
    clients.push(client);
    return [node, client];
  }

  it('in a command is an error reply and a stack in the log; the client and its order of replies go on', async () => {
    const [, client] = await start(new BrokenConfiguration({ bind: '127.0.0.1', save: '' }));
    const replies = await Promise.all([
      client.call('SET', 'a', '1'),
      client.call('CONFIG', 'GET', 'x'),
      client.call('GET', 'a'),
    ]);
    expect(replies.map(show)).to.deep.equal(['+OK', '-ERR internal error', '$"1"']);
    expect(log.join('\n')).to.match(
      /warning: Internal error in config\|get: TypeError: a bug of ours\n +at /,
    );
    expect(show(await client.call('INFO', 'errorstats'))).to.match(/errorstat_ERR:count=1/);
  });

  it('in a transaction fails one command of it, not the others', async () => {
    const [, client] = await start(new BrokenConfiguration({ bind: '127.0.0.1', save: '' }));
    await client.call('MULTI');
    for (const argv of [
      ['SET', 'a', '1'],
      ['CONFIG', 'GET', 'x'],
      ['GET', 'a'],
    ]) {
      await client.call(...argv);
    }
    expect(show(await client.call('EXEC'))).to.equal('array[+OK, -ERR internal error, $"1"]');
  });

  it('on the control plane ends that node, and no other in the process', async () => {
    const [broken] = await start();
    const [sound, client] = await start();
    Object.assign(broken.wings.data, {
      keyCount: () => {
        throw new TypeError('a bug of ours');
      },
    });
    const asker = await RespClient.open(broken.port);
    clients.push(asker);
    await asker.call('CLUSTER', 'RESET').catch(() => undefined);
    await broken.ended;
    expect(broken.failure).to.match(/^internal error: TypeError: a bug of ours/);
    await waitUntil('its clients are gone', () => asker.isClosed);
    expect(log.join('\n')).to.match(/warning: The node ends: internal error: TypeError/);
    expect(show(await client.call('PING'))).to.equal('+PONG');
    expect(sound.failure).to.equal(undefined);
  });
});
