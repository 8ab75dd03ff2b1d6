/**
 * What the bundle starts with; bin/run.js loads the result. oclif gets its plugin ready made, from a
 * manifest written at build time, so that it reads no folder and loads the one command that is asked for.
 */
import { Config, flush, handle, run } from '@oclif/core';
import oclif from '@oclif/core/package.json';
import loaders from 'trib:commands';
import manifest from 'trib:manifest';
import pjson from '../package.json';
import { normalizeWords } from '../src/lib/cli/argv.js';
import { OUTPUT_LOST } from '../src/lib/cli/interruption.js';

export async function main(argv, root) {
  // oclif would look for a file with the user's own colours; ours are in lib/render.
  process.env.TRIB_DISABLE_THEME ??= 'true';
  process.stdout.prependListener('error', stopTalking);
  process.on('uncaughtException', (error) => fail(error, argv));
  try {
    const config = await Config.load({ root, pjson, plugins: [pluginOf(root)] });
    await run(normalizeWords(argv), config);
    await flush();
  } catch (error) {
    await handle(error);
  }
}

/**
 * A pipe whose reader has enough is no error; a full disk is one, without a stack. What changes a cluster is
 * not torn out of it: it listens for this, and comes to an end in good order.
 */
function stopTalking(error) {
  if (error.code !== 'EPIPE')
    process.stderr.write(`[ERR] Cannot write the output: ${error.message}\n`);
  if (process.emit(OUTPUT_LOST)) return;
  process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : 1);
}

/** Our own mistakes. Node would print the line it stopped at, which is the whole bundle. */
function fail(error, argv) {
  const isVerbose = argv.includes('--verbose') || argv[0] === 'node';
  const text = (isVerbose && error?.stack) || (error?.message ?? String(error));
  process.stderr.write(`[ERR] trib itself failed: ${text}\n`);
  if (!isVerbose)
    process.stderr.write('      Run it again with --verbose and report what it says.\n');
  process.exit(1);
}

function pluginOf(root) {
  const plugin = {
    _base: `@oclif/core@${oclif.version}`,
    alias: pjson.name,
    name: pjson.name,
    version: pjson.version,
    type: 'core',
    moduleType: 'module',
    isRoot: true,
    valid: true,
    hasManifest: true,
    hooks: {},
    options: { root },
    root,
    pjson,
    manifest,
    commandIDs: Object.keys(manifest.commands),
    topics: Object.entries(pjson.oclif.topics).map(([name, topic]) => ({ ...topic, name })),
    load: async () => undefined,
    findCommand: async (id) => {
      const command = (await loaders[id]()).default;
      command.id = id;
      command.plugin = plugin;
      return command;
    },
  };
  plugin.commands = Object.values(manifest.commands).map((command) => ({
    ...command,
    pluginAlias: pjson.name,
    pluginType: 'core',
    load: () => plugin.findCommand(command.id),
  }));
  return plugin;
}
