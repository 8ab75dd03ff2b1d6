#!/usr/bin/env node
/**
 * The built program. Two short cuts before anything is loaded: the version is answered from package.json,
 * and the one script that holds everything else is compiled from V8's own cache when there is one.
 *
 * CommonJS, because Node then starts a twentieth sooner (see bin/package.json).
 *
 * The cache is kept per command (each runs another part of the script), per version of trib and of Node,
 * in the user's cache folder. Whatever goes wrong with it, the program just starts a little slower.
 */
'use strict';
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const root = dirname(__dirname);
const words = process.argv.slice(2);
const USAGE_STATUS = 2;

if (words.length === 1 && (words[0] === '--version' || words[0] === '-v')) printVersion();
else void loadProgram().main(words, root);

function printVersion() {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  process.stdout.write(
    `${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`,
  );
}

function loadProgram() {
  const { Script, constants } = require('node:vm');
  const path = join(root, 'dist', 'cli', 'main.cjs');
  const source = readFileSync(path, 'latin1');
  const cachePath = cacheFile(source);
  const cachedData = readQuietly(cachePath);
  const script = new Script(source, {
    filename: path,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (cachedData === undefined || script.cachedDataRejected === true) {
    // At the end, when V8 knows which functions this command needs.
    // A misspelt command has run too little to be remembered.
    process.once('exit', (status) => {
      if (status !== USAGE_STATUS) writeQuietly(cachePath, script);
    });
  }
  const bundle = { exports: {} };
  script.runInThisContext()(bundle.exports, require, bundle, path, dirname(path));
  return bundle.exports;
}

function cacheFile(source) {
  const base =
    process.env.XDG_CACHE_HOME ||
    (process.platform === 'win32' && process.env.LOCALAPPDATA) ||
    join(require('node:os').homedir(), '.cache');
  const isHelp = words.some((word) => word === '--help' || word === 'help');
  const command = isHelp ? 'help' : (words.find((word) => /^[a-z][a-z-]*$/.test(word)) ?? 'none');
  // The bundle begins with its build's id, in a comment: V8 itself compares no more than the length.
  const build = source.slice(2, 18);
  return join(base, 'trib', 'code', `${build}-${process.version}-${process.arch}-${command}.bin`);
}

function readQuietly(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function writeQuietly(path, script) {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, script.createCachedData());
    renameSync(fresh, path);
  } catch {
    // A read-only or missing home: the next start compiles again.
  }
}
