/**
 * All tests, unless files are named on the command line (mocha itself would run both).
 */
const named = process.argv.slice(2).some((word) => /\.ts$/.test(word));

module.exports = {
  'node-option': ['import=tsx', 'enable-source-maps'],
  extension: ['ts'],
  ...(named ? {} : { spec: ['test/**/*.test.ts'] }),
  require: ['test/support/setup.ts'],
  reporter: 'test/support/reporter.cjs',
  // Much of a test against servers is waiting: three files at a time keep two cores busy.
  parallel: true,
  jobs: 3,
  timeout: 30_000,
  'check-leaks': true,
  // oclif keeps its settings there.
  globals: ['oclif'],
};
