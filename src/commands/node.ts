/** `trib node`: every word after it is redis-server's, so oclif parses nothing. */
import { Command } from '@oclif/core';
import { runNode } from '../lib/node/server/process/run-node.js';

export default class Node extends Command {
  static override summary = 'Run one embedded node, with the arguments of redis-server.';
  static override description =
    'A config file first if wanted, then directives as --name value, then - to read more of them from the ' +
    'standard input. Without bind the node listens on this machine only, unless protected-mode no or a ' +
    'password opens it. SIGTERM and SIGINT end it in good order, a second one at once; SIGHUP is ignored.';
  static override usage = 'node [redis.conf] [--port N] [--any-directive value ...] [-]';
  static override examples = [
    '<%= config.bin %> node --port 7000 --cluster-enabled yes',
    '<%= config.bin %> node /etc/redis/redis.conf --port 7001 --save ""',
    'echo "port 7002" | <%= config.bin %> node -',
  ];
  static override strict = false;

  async run(): Promise<void> {
    process.exitCode = await runNode(this.argv, {
      version: this.config.version,
      stdout: (text) => void process.stdout.write(text),
      stderr: (text) => void process.stderr.write(text),
    });
  }
}
