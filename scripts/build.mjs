/**
 * The published form: type declarations by tsc, two libraries (each for `import` and for `require`) and one
 * command-line bundle by esbuild.
 *
 * Starting a process is what people wait for most often, so the program is one file (no module
 * resolution at start) in CommonJS (V8 can keep the compiled code of a script, see bin/run.js), and each
 * command's code runs only when that command does.
 *
 * Everything is made in a fresh folder which then takes the place of the old one: what a deleted source
 * once produced cannot survive, and an interrupted build leaves the old one as it was.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
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

/**
 * Declarations of what the two libraries show, once beside each form: whether a declaration is read as that
 * of a module or of CommonJS depends on the package.json nearest to it.
 */
async function declareTypes(folder) {
  const all = join(folder, 'declarations');
  await emitDeclarations(all);
  for (const path of reachable(all, ['index.d.ts', 'testing.d.ts'])) {
    for (const form of ['types', 'cjs']) {
      const target = join(folder, form, path);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(all, path), target);
    }
  }
  rmSync(all, { recursive: true });
}

/** These files and what they import, relative to the folder. */
function reachable(folder, entries) {
  const found = new Set();
  const visit = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const text = readFileSync(join(folder, path), 'utf8');
    for (const [, , name] of text.matchAll(/\b(from|import)\b[ (]*'(\.[^']+)\.js'/g)) {
      visit(join(dirname(path), `${name}.d.ts`));
    }
  };
  entries.forEach(visit);
  return found;
}

async function emitDeclarations(folder) {
  const { status, output } = await captureNode(
    toolArgs('typescript', 'tsc', '-p', '.', '--emitDeclarationOnly', '--outDir', folder),
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
