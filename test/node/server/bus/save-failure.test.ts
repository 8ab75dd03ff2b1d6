/** A cluster node whose nodes.conf cannot be saved ends; whoever embeds it goes on. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { TribError } from '../../../../src/lib/kernel/errors.js';
import { type EmbeddedNode, startNode } from '../../../../src/lib/node/server/node.js';
import { waitUntil } from '../../../support/wait.js';
import { RespClient, show } from '../../resp-client.js';

describe('nodes.conf that cannot be saved', () => {
  let dir = '';
  let node: EmbeddedNode | undefined;
  let client: RespClient | undefined;
  const said: string[] = [];

  beforeEach(() => {
    dir = join(mkdtempSync(join(tmpdir(), 'trib-unsaved-')), 'node');
    mkdirSync(dir);
  });
  afterEach(async () => {
    client?.close();
    await node?.kill();
    rmSync(join(dir, '..'), { recursive: true, force: true });
  });

  async function start(): Promise<RespClient> {
    said.length = 0;
    node = await startNode({
      port: 0,
      cluster: true,
      dir,
      log: (level, text) => said.push(`${level} ${text}`),
    });
    client = await RespClient.open(node.port);
    return client;
  }

  const saves: readonly (readonly [what: string, argv: readonly string[]])[] = [
    ['what was promised', ['CLUSTER', 'BUMPEPOCH']],
    ['news that can wait', ['CLUSTER', 'MEET', '127.0.0.1', '1']],
  ];
  for (const [what, argv] of saves) {
    it(`ends the node that must save ${what}, not the process it lives in`, async () => {
      const talk = await start();
      // Its folder goes: even root cannot write there any more.
      rmSync(dir, { recursive: true });
      void talk.call(...argv).catch(() => undefined);
      await node!.ended;
      expect(node!.failure).to.match(/^cannot save .*nodes\.conf: ENOENT/);
      expect(said.join('\n')).to.match(/warning The node ends: cannot save/);
      await waitUntil('its clients are gone', () => talk.isClosed);
    });
  }

  it('is told to who asked for the save, and nothing ends', async () => {
    const talk = await start();
    rmSync(dir, { recursive: true });
    const text = show(await talk.call('CLUSTER', 'SAVECONFIG'));
    expect(text).to.equal('-ERR error saving the cluster node config: No such file or directory');
    mkdirSync(dir);
    expect(show(await talk.call('CLUSTER', 'SAVECONFIG'))).to.equal('+OK');
    expect(readFileSync(join(dir, 'nodes.conf'), 'latin1')).to.contain('myself');
    expect(node!.failure).to.equal(undefined);
  });

  it('does not keep a node that is asked to end from ending', async () => {
    await start();
    rmSync(dir, { recursive: true });
    await node!.stop();
    expect(said.join('\n')).to.match(/cannot save/);
  });

  it('at start is an error that names the file', async () => {
    rmSync(dir, { recursive: true });
    const error = await start().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(TribError);
    expect((error as TribError).message).to.contain('nodes.conf');
    node = undefined;
  });
});
