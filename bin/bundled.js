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

export async function main(argv, root) {
  // oclif would look for a file with the user's own colours; ours are in lib/render.
  process.env.TRIB_DISABLE_THEME ??= 'true';
  try {
    const config = await Config.load({ root, pjson, plugins: [pluginOf(root)] });
    await run(normalizeWords(argv), config);
    await flush();
  } catch (error) {
    await handle(error);
  }
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
