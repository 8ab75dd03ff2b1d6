/**
 * What the scripts share. They are plain Node and call programs by their JavaScript file, so that they
 * run the same from any shell, Windows included, and before anything is installed.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Run a script's work; what goes wrong is one line for people, and a failed exit. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    say(`Error: ${error.message}`);
    process.exitCode = 1;
  }
}

/** Is this module the program itself, and not imported by another script? */
export function isProgram(url) {
  return url === pathToFileURL(process.argv[1] ?? '').href;
}

export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Run Node on a script of a package in node_modules, named by the `bin` entry of its package.json. */
export function toolArgs(packageName, binName, ...args) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return [join(folder, typeof bin === 'string' ? bin : bin[binName]), ...args];
}

/** Run a program to its end with our own terminal. Answers its exit status. */
export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** Run Node with its output kept until it ends, for steps that run side by side. */
export function captureNode(args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

/** npm as a program and first arguments: by its JavaScript file where it can be found. */
export function npmCommand() {
  const candidates = [
    process.env.npm_execpath,
    join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ];
  const script = candidates.find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  return script === undefined
    ? { file: 'npm', args: [], shell: process.platform === 'win32' }
    : { file: process.execPath, args: [script], shell: false };
}
