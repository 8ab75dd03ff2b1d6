import { expect } from 'chai';
import fc from 'fast-check';
import { Lane, type Passage } from '../../../src/lib/lab/faults/lane.js';
import { waitUntil } from '../../support/wait.js';

describe('a lane between two nodes', () => {
  it('delivers at once while it is open, and in order when it opens again', () => {
    let isOpen = true;
    const arrived: number[] = [];
    const lane = new Lane<number>(
      () => ({ isOpen, delayMs: 0 }),
      (content) => arrived.push(content),
    );
    lane.send(1);
    expect(arrived).to.deep.equal([1]);
    isOpen = false;
    lane.send(2);
    lane.send(3);
    lane.move();
    expect(arrived).to.deep.equal([1]);
    isOpen = true;
    lane.move();
    lane.send(4);
    expect(arrived).to.deep.equal([1, 2, 3, 4]);
  });

  it('keeps the order whatever happens to the way, and loses nothing', async () => {
    const change = fc.record({ isOpen: fc.boolean(), delayMs: fc.constantFrom(0, 1, 3) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(change), { maxLength: 30 }), async (script) => {
        let passage: Passage = { isOpen: true, delayMs: 0 };
        const arrived: number[] = [];
        const lane = new Lane<number>(
          () => passage,
          (content) => arrived.push(content),
        );
        let sent = 0;
        for (const step of script) {
          if (step === null) {
            lane.send(sent++);
            continue;
          }
          passage = step;
          lane.move();
        }
        passage = { isOpen: true, delayMs: 0 };
        lane.move();
        await waitUntil('all has arrived', () => arrived.length === sent);
        expect(arrived).to.deep.equal(Array.from({ length: sent }, (_, at) => at));
      }),
      { numRuns: 50 },
    );
  });

  it('delivers nothing more once it is dropped', () => {
    const arrived: number[] = [];
    let isOpen = false;
    const lane = new Lane<number>(
      () => ({ isOpen, delayMs: 0 }),
      (content) => arrived.push(content),
    );
    lane.send(1);
    lane.drop();
    isOpen = true;
    lane.move();
    expect(arrived).to.deep.equal([]);
  });
});
