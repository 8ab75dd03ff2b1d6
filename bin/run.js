#!/usr/bin/env node
/**
 * The built program. Two short cuts before anything is loaded: the version is answered from package.json,
 * and the one script that holds everything else is compiled from V8's own cache when there is one.
 *
 * The cache is kept per command (each runs another part of the script), per version of trib and of Node,
 * in the user's cache folder. Whatever goes wrong with it, the program just starts a little slower.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script, constants } from 'node:vm';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const words = process.argv.slice(2);

if (words.length === 1 && (words[0] === '--version' || words[0] === '-v')) printVersion();
else await loadProgram().main(words, root);

function printVersion() {
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  process.stdout.write(
    `${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`,
  );
}

function loadProgram() {
  const path = join(root, 'dist', 'cli', 'main.cjs');
  const source = readFileSync(path, 'latin1');
  const cachePath = cacheFile(source);
  const cachedData = readQuietly(cachePath);
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${source}\n})`,
    {
      filename: path,
      cachedData,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    },
  );
  if (cachedData === undefined || script.cachedDataRejected === true) {
    // At the end, when V8 knows which functions this command needs.
    process.once('exit', () => writeQuietly(cachePath, script));
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
  return module.exports;
}

function cacheFile(source) {
  const base =
    process.env.XDG_CACHE_HOME ||
    (process.platform === 'win32' && process.env.LOCALAPPDATA) ||
    join(homedir(), '.cache');
  const command = words.find((word) => /^[a-z-]+$/.test(word) && !word.startsWith('-')) ?? 'none';
  const build = createHash('sha1').update(source).digest('hex').slice(0, 16);
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
