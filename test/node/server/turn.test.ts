import { expect } from 'chai';
import { Turn } from '../../../src/lib/node/server/turn.js';

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turn', () => {
  let told: string[];
  let turn: Turn;

  const sender = (name: string, send?: () => void): { sendReplies: () => void } => ({
    sendReplies: () => {
      told.push(name);
      send?.();
    },
  });

  beforeEach(() => {
    told = [];
    turn = new Turn((reason) => told.push(reason));
  });

  it('runs its hooks once, in order, before anybody sends', async () => {
    turn.beforeReplies(() => told.push('write'));
    turn.beforeReplies(() => told.push('sync'));
    turn.schedule(sender('a'));
    turn.schedule(sender('b'));
    expect(told).to.deep.equal([]);
    await immediate();
    expect(told).to.deep.equal(['write', 'sync', 'a', 'b']);
    await immediate();
    expect(told).to.have.length(4);
  });

  it('ends for the hooks alone when woken', async () => {
    turn.beforeReplies(() => told.push('write'));
    turn.wake();
    turn.wake();
    await immediate();
    expect(told).to.deep.equal(['write']);
  });

  it('does first what stands before replies that leave early', () => {
    turn.beforeReplies(() => told.push('write'));
    turn.settle();
    expect(told).to.deep.equal(['write']);
  });

  it('lets a hook send without running it again', () => {
    turn.beforeReplies(() => {
      told.push('write');
      turn.settle();
    });
    turn.settle();
    expect(told).to.deep.equal(['write']);
  });

  it('leaves to the next turn what is scheduled while it ends', async () => {
    turn.beforeReplies(() => told.push('write'));
    turn.schedule(sender('a', () => turn.schedule(sender('b'))));
    await immediate();
    expect(told).to.deep.equal(['write', 'a']);
    await immediate();
    expect(told).to.deep.equal(['write', 'a', 'write', 'b']);
  });

  it('tells of a hook that throws, and sends nothing that was to wait for it', async () => {
    turn.beforeReplies(() => {
      throw new Error('no disk');
    });
    turn.schedule(sender('a'));
    await immediate();
    expect(told).to.have.length(1);
    expect(told[0]).to.match(/^internal error: Error: no disk/);
  });

  it('does nothing any more once closed', async () => {
    turn.beforeReplies(() => told.push('write'));
    turn.schedule(sender('a'));
    turn.close();
    turn.schedule(sender('b'));
    await immediate();
    expect(told).to.deep.equal([]);
  });
});
