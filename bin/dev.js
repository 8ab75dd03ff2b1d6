#!/usr/bin/env node
/** The program straight from its TypeScript sources, for those who work on it. No build, slower start. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Config, execute } from '@oclif/core';
import { register } from 'tsx/esm/api';

register();
const root = fileURLToPath(new URL('..', import.meta.url));
const pjson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
pjson.oclif = {
  ...pjson.oclif,
  commands: { strategy: 'pattern', target: './src/commands', globPatterns: ['**/*.ts'] },
};

const loadOptions = await Config.load({ root, pjson, ignoreManifest: true, enablePerf: false });
await execute({ dir: import.meta.url, loadOptions });
