/**
 * Installs what package-lock.json asks for, unless it is there already.
 *
 * npm writes node_modules/.package-lock.json as its last act, so an install that was cut short has none.
 * A folder that was damaged later still has one; hence every package is looked for on disk as well, and
 * its files are counted against a note made when the install was known to be whole. Packages that npm
 * left out for this platform are not in npm's own list and are not missed.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProgram, main, npmCommand, root, run, say } from './support.mjs';

const notePath = join(root, 'node_modules', '.trib-files.json');

export async function ensureInstalled() {
  const complaint = findComplaint();
  if (complaint === undefined) return;
  say(`Installing dependencies (${complaint})`);
  rmSync(notePath, { force: true });
  const npm = npmCommand();
  // With NODE_ENV=production npm leaves out the tools that build and test; hence --include=dev.
  const status = await run(
    npm.file,
    [...npm.args, 'ci', '--include=dev', '--ignore-scripts', '--no-progress'],
    {
      shell: npm.shell,
      stdio: ['ignore', 2, 2],
    },
  );
  if (status !== 0) throw new Error(`npm ci ended with status ${status}`);
  const still = findComplaint();
  if (still !== undefined) throw new Error(`npm ci ended well, and yet: ${still}`);
}

function findComplaint() {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const present = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (present === undefined) return 'there is no finished install';
  const note = readJson(notePath) ?? {};
  const counts = {};
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === '') continue;
    if (present[path] === undefined) {
      if (optional === true) continue;
      return `${path} is missing`;
    }
    if (present[path].version !== version) return `${path} is not ${version}`;
    if (readJson(join(root, path, 'package.json'))?.version !== version)
      return `${path} is damaged`;
    counts[path] = { version, files: countFiles(join(root, path)) };
    const noted = note[path];
    if (noted?.version === version && noted.files > counts[path].files) return `${path} is damaged`;
  }
  writeFileSync(notePath, JSON.stringify(counts));
  return undefined;
}

/** Files of one package, without the packages nested in it. */
function countFiles(folder) {
  let files = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) files += 1;
    else if (entry.name !== 'node_modules') files += countFiles(join(folder, entry.name));
  }
  return files;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

if (isProgram(import.meta.url)) await main(ensureInstalled);
