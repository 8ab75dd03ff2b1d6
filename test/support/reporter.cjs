/**
 * Mocha's spec reporter with one more line at the very end, `N passed, N failed`, which machines read.
 */
const { reporters, Runner } = require('mocha');

class ClosingLine extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      setImmediate(() => {
        const { passes, failures, pending } = this.stats;
        const skipped = pending > 0 ? `, ${pending} skipped` : '';
        process.stdout.write(`${passes} passed, ${failures} failed${skipped}\n`);
      });
    });
  }
}

module.exports = ClosingLine;
