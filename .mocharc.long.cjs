/** The long tests: bounded in time, seeds printed, run apart from the others. */
module.exports = {
  ...require('./.mocharc.cjs'),
  spec: ['test/**/*.long.ts'],
  timeout: 1_200_000,
};
