#!/usr/bin/env node
/** The program straight from its TypeScript sources, for those who work on it. No build, slower start. */
'use strict';
const { dirname } = require('node:path');
const { Config, execute } = require('@oclif/core');
const pjson = require('../package.json');

void main();

async function main() {
  const { register } = await import('tsx/esm/api');
  register();
  const commands = { strategy: 'pattern', target: './src/commands', globPatterns: ['**/*.ts'] };
  const loadOptions = await Config.load({
    root: dirname(__dirname),
    pjson: { ...pjson, oclif: { ...pjson.oclif, commands } },
  });
  const { normalizeWords } = await import('../src/lib/cli/argv.ts');
  const args = [...normalizeWords(process.argv.slice(2))];
  await execute({ args, dir: __dirname, loadOptions });
}
