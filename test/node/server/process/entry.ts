/** `trib node` without the program around it: starts in a third of the time. */
import { runNode } from '../../../../src/lib/node/server/process/run-node.js';

process.exitCode = await runNode(process.argv.slice(2), {
  version: '0.0.0-test',
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
});
