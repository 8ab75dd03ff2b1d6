/** What oclif knows of the commands, read from their sources. Needs an install. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './support.mjs';

/** oclif's own description of every command, taken from the sources. */
export async function readManifest() {
  const { Config } = await import('@oclif/core');
  const { register } = await import('tsx/esm/api');
  const unregister = register();
  try {
    const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const commands = { strategy: 'pattern', target: './src/commands', globPatterns: ['**/*.ts'] };
    const config = await Config.load({
      root,
      pjson: { ...pjson, oclif: { ...pjson.oclif, commands } },
    });
    return config.plugins.get(pjson.name).manifest;
  } finally {
    await unregister();
  }
}
