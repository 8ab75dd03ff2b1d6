import { expect } from 'chai';
import { notServed } from '../../../src/lib/node/commands/not-served.js';
import { ALL_COMMANDS } from '../../../src/lib/node/server/all-commands.js';
import { type EmbeddedNode, startNode } from '../../../src/lib/node/server/node.js';
import { RespClient, show } from '../../node/resp-client.js';

describe('commands that are not served', () => {
  let node: EmbeddedNode;
  let client: RespClient;

  before(async () => {
    node = await startNode({ port: 0 });
    client = await RespClient.open(node.port);
  });

  after(async () => {
    client.close();
    await node.stop();
  });

  const ask = async (...argv: string[]): Promise<string> => show(await client.call(...argv));

  it('answer why, however they are written and whatever comes with them', async () => {
    expect(await ask('xadd', 's', '*', 'f', 'v')).to.equal(
      '-ERR This node does not serve streams (XADD)',
    );
    expect(await ask('GEOADD')).to.equal('-ERR This node does not serve geo commands (GEOADD)');
    expect(await ask('PfAdd', 'h', 'x')).to.equal(
      '-ERR This node does not serve HyperLogLog (PFADD)',
    );
    expect(await ask('CLIENT', 'tracking', 'on')).to.equal(
      '-ERR This node does not serve client-side caching (CLIENT TRACKING)',
    );
    expect(await ask('ACL', 'LOG')).to.equal(
      '-ERR This node does not serve users besides `default` (ACL LOG)',
    );
  });

  it('are told from typing errors', async () => {
    expect(await ask('XAD', 's')).to.match(/^-ERR unknown command 'XAD'/);
    expect(await ask('CLIENT', 'trackin')).to.match(/^-ERR unknown subcommand 'trackin'/);
  });

  it('spoil a transaction, and are in no list of commands', async () => {
    await ask('MULTI');
    await ask('XADD', 's', '*', 'f', 'v');
    expect(await ask('EXEC')).to.match(/^-EXECABORT/);
    expect(await ask('COMMAND', 'INFO', 'xadd')).to.match(/nil/);
  });

  it('are none of those that are served', () => {
    for (const { name, subcommands } of ALL_COMMANDS) {
      expect(notServed(name), name).to.equal(undefined);
      for (const sub of subcommands ?? []) {
        expect(notServed(`${name}|${sub.name}`)).to.equal(undefined);
      }
    }
  });
});
