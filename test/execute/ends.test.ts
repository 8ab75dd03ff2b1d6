/** What a target needs before slots can be given to it. */
import { expect } from 'chai';
import { closeEnds, openEnds } from '../../src/lib/execute/move/ends.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import { FakeLinks, contextOf } from './fake-links.js';

const id = (digit: string): NodeId => digit.repeat(40) as NodeId;
const [gone, source, target] = [id('a'), id('b'), id('c')];
const node = (nodeId: NodeId, port: number) => ({
  id: nodeId,
  address: { host: '127.0.0.1', port },
});

/** A source died, its replica was elected, and gossip leaves slots alone that are open at the target. */
const NODES = [
  `${gone} 127.0.0.1:1@10001 slave,fail ${source} 0 0 8 connected`,
  `${source} 127.0.0.1:2@10002 master - 0 0 8 connected 0-2`,
  `${target} 127.0.0.1:3@10003 myself,master - 0 0 7 connected 5-9 [3-<-${gone}] [4-<-${source}] [6-<-${gone}]`,
].join('\n');

describe('openEnds', () => {
  it('tells a target whose owner now is of slots that are open, and of no others', async () => {
    const isTold = (): boolean => links.asked.some((asked) => asked.includes(' NODE '));
    const links = new FakeLinks((command) => {
      if (command === 'CLUSTER INFO') return `cluster_state:${isTold() ? 'ok' : 'fail'}\r\n`;
      if (command === 'CLUSTER NODES') return `${NODES}\n`;
      return command.startsWith('CLUSTER SETSLOT') ? 'OK' : '';
    });
    const move = {
      source: node(source, 2),
      target: node(target, 3),
      slots: [{ first: 2, last: 8 }],
    };
    closeEnds(await openEnds(move, contextOf(links, { deadlineMs: 500 })));
    expect(links.asked.filter((asked) => asked.includes('SETSLOT'))).to.deep.equal([
      `127.0.0.1:3 CLUSTER SETSLOT 3 NODE ${source}`,
    ]);
  });
});
