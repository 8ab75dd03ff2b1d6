/** Signals that end a node. */
import { expect } from 'chai';
import { onStopSignals } from '../../../../src/lib/node/server/process/stop-signals.js';

describe('stop signals', () => {
  it('ask once, and force with the second one', () => {
    const said: string[] = [];
    const signals = onStopSignals((level, text) => said.push(`${level} ${text}`), {
      stop: () => said.push('stop'),
      force: () => said.push('force'),
    });
    try {
      process.emit('SIGHUP');
      expect(signals.isAsked).to.equal(false);
      process.emit('SIGTERM', 'SIGTERM');
      expect(signals.isAsked).to.equal(true);
      process.emit('SIGTERM', 'SIGTERM');
    } finally {
      signals.release();
    }
    expect(said).to.deep.equal([
      'notice SIGTERM: ending in good order',
      'stop',
      'warning SIGTERM again: ending at once',
      'force',
    ]);
  });

  it('are left alone once released', () => {
    const before = process.listenerCount('SIGTERM');
    onStopSignals(() => undefined, { stop: () => undefined, force: () => undefined }).release();
    expect(process.listenerCount('SIGTERM')).to.equal(before);
  });
});
