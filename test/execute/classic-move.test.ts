/** Slots moved key by key, by servers that are a table of answers. */
import { expect } from 'chai';
import { moveSlots } from '../../src/lib/execute/move/move-slots.js';
import { MOVING_DEFAULTS } from '../../src/lib/execute/move/moving.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import { FakeLinks, contextOf, idOf, nodesText, replyError } from './fake-links.js';

const [SOURCE, TARGET, THIRD, FOURTH] = [1, 2, 3, 4];
const at = (port: number) => ({
  id: idOf(port) as NodeId,
  address: { host: '127.0.0.1', port },
});

describe('slots moved key by key', () => {
  it('story 7: a third primary that cannot be told ends nothing', async () => {
    const links = new FakeLinks((command, node) => {
      if (command.includes('SETSLOT') && node === '127.0.0.1:3') {
        throw new TribError('NODE_UNREACHABLE', 'gone');
      }
      if (command.includes('SETSLOT') && node === '127.0.0.1:4') throw replyError('ERR not now');
      if (command.includes('SETSLOT')) return 'OK';
      if (command.startsWith('COMMAND INFO')) return [[]];
      if (command.includes('KEYSINSLOT')) return command.includes('GET') ? [] : 0;
      if (command === 'INFO memory') return 'used_memory_dataset:1000\r\n';
      if (command === 'CLUSTER NODES') {
        return nodesText(TARGET, [SOURCE, TARGET, THIRD, FOURTH]);
      }
      if (command === 'CLUSTER INFO') return 'cluster_state:ok\r\n';
      return [];
    });
    const context = { ...contextOf(links), moving: MOVING_DEFAULTS };
    const slots = [{ first: 0, last: 99 }];
    await moveSlots([{ source: at(SOURCE), target: at(TARGET), slots }], context);
    const done = context.events.find(({ kind }) => kind === 'moves-done');
    expect(done).to.include({ slotsDone: 100 });
    const told = (port: number) =>
      links.asked.filter((text) => text.startsWith(`127.0.0.1:${port} CLUSTER SETSLOT`)).length;
    expect([told(THIRD), told(FOURTH)], 'both were told').to.deep.equal([100, 100]);
  });
});
