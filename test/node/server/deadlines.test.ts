import { expect } from 'chai';
import fc from 'fast-check';
import { Deadlines } from '../../../src/lib/node/server/deadlines.js';

interface Waiter {
  deadlineMs: number;
  isOver: boolean;
}

describe('deadlines', () => {
  it('come due in order, without those who have stopped waiting', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), atMs: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ kind: fc.constant('leave' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('due' as const), nowMs: fc.integer({ min: 0, max: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
        const deadlines = new Deadlines<Waiter>();
        let waiting: Waiter[] = [];
        for (const one of steps) {
          if (one.kind === 'add') {
            const waiter = { deadlineMs: one.atMs, isOver: false };
            deadlines.add(waiter);
            waiting.push(waiter);
          } else if (one.kind === 'leave' && waiting.length > 0) {
            const [waiter] = waiting.splice(one.which % waiting.length, 1);
            waiter!.isOver = true;
            deadlines.noteOver();
          } else if (one.kind === 'due') {
            const expected = waiting
              .map(({ deadlineMs }) => deadlineMs)
              .filter((deadlineMs) => deadlineMs <= one.nowMs)
              .sort((a, b) => a - b);
            const due: number[] = [];
            for (;;) {
              const waiter = deadlines.takeDue(one.nowMs);
              if (waiter === undefined) break;
              due.push(waiter.deadlineMs);
              waiting = waiting.filter((other) => other !== waiter);
            }
            expect(due).to.deep.equal(expected);
          }
          const earliest = waiting.map(({ deadlineMs }) => deadlineMs).sort((a, b) => a - b)[0];
          expect(deadlines.nextMs).to.equal(earliest);
        }
      }),
    );
  });
});
