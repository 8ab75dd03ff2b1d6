/** Moves that are given up lose no key that arrives while their slots are being closed. */
import { expect } from 'chai';
import { giveUpMoves } from '../../src/lib/execute/move/give-up.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import { rangesOf } from '../../src/lib/kernel/ranges.js';
import { FakeLinks, contextOf } from './fake-links.js';

const node = (digit: string, port: number) => ({
  id: digit.repeat(40) as NodeId,
  address: { host: '127.0.0.1', port },
});
const [source, target] = [node('a', 1), node('b', 2)];

/** @param arrivals by slot, in which count of the target its first key is seen */
async function giveUp(arrivals: Readonly<Record<number, number>>) {
  const counted = new Map<string, number>();
  const marks = new Map<string, string>();
  const links = new FakeLinks((command, at) => {
    const [, verb, slot = '', state = ''] = command.split(' ');
    if (verb === 'COUNTKEYSINSLOT') {
      const times = (counted.get(slot) ?? 0) + 1;
      counted.set(slot, times);
      return times >= (arrivals[Number(slot)] ?? Infinity) ? 1 : 0;
    }
    if (verb === 'SETSLOT') marks.set(`${at} ${slot}`, state);
    return 'OK';
  });
  const slots = rangesOf(Object.keys(arrivals).map(Number));
  const left = await giveUpMoves([{ source, target, slots }], contextOf(links));
  const marksOf = (slot: number) =>
    ['1', '2'].map((port) => marks.get(`127.0.0.1:${port} ${slot}`));
  return { left: left.map((move) => move.slots), marksOf };
}

describe('giveUpMoves', () => {
  it('closes the source first and the target last, and opens again what has got a key by then', async () => {
    const { left, marksOf } = await giveUp({ 5: Infinity, 6: 1, 7: 2, 8: 3 });
    expect(left).to.deep.equal([[{ first: 6, last: 8 }]]);
    expect(marksOf(5), 'nothing arrives').to.deep.equal(['STABLE', 'STABLE']);
    expect(marksOf(6), 'a key was there').to.deep.equal([undefined, undefined]);
    expect(marksOf(7), 'one arrives while the source is closed').to.deep.equal([
      ...['MIGRATING', undefined],
    ]);
    expect(marksOf(8), 'one arrives while the target is closed').to.deep.equal([
      ...['MIGRATING', 'IMPORTING'],
    ]);
  });
});
