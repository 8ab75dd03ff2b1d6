/**
 * The published form: type declarations by tsc, two libraries and one command-line bundle by esbuild.
 *
 * Starting a process is what people wait for most often, so the program is one file (no module
 * resolution at start) in CommonJS (V8 can keep the compiled code of a script, see bin/run.js), and each
 * command's code runs only when that command does.
 *
 * Everything is made in a fresh folder which then takes the place of the old one: what a deleted source
 * once produced cannot survive, and an interrupted build leaves the old one as it was.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { captureNode, isProgram, main, root, say, toolArgs } from './support.mjs';

const dist = join(root, 'dist');
const INPUTS = [
  'src',
  'bin',
  'scripts/build.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/** Build unless dist was made from these very sources. */
export async function ensureBuilt() {
  const wanted = fingerprint();
  if (readStamp() === wanted) return;
  say('Building');
  await build(wanted);
}

async function build(stamp) {
  const fresh = join(root, `dist.${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  try {
    await declareTypes(fresh);
    const { bundleAll } = await import('./bundle.mjs');
    await bundleAll(fresh);
    writeFileSync(join(fresh, 'stamp'), stamp);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function declareTypes(folder) {
  const { status, output } = await captureNode(
    toolArgs(
      'typescript',
      'tsc',
      '-p',
      '.',
      '--emitDeclarationOnly',
      '--outDir',
      join(folder, 'types'),
    ),
  );
  if (status === 0) return;
  process.stderr.write(output);
  throw new Error('the sources do not compile');
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of INPUTS.flatMap((path) => filesUnder(join(root, path)))) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesUnder(path) {
  const entries = readEntries(path);
  if (entries === undefined) return [path];
  return entries
    .map(({ name }) => name)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

function readEntries(path) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return undefined;
  }
}

function readStamp() {
  try {
    return readFileSync(join(dist, 'stamp'), 'utf8');
  } catch {
    return undefined;
  }
}

if (isProgram(import.meta.url)) {
  await main(async () => {
    await ensureInstalled();
    await ensureBuilt();
  });
}
