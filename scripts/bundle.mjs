/** The esbuild half of the build: what goes into which file. Needs an install; see build.mjs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './support.mjs';

const TARGET = 'node20.19';

export async function bundleAll(folder) {
  await bundleLibraries(folder);
}

/** `trib` and `trib/testing`, as modules; packages from npm stay imports. */
async function bundleLibraries(folder) {
  const entryPoints = ['index', 'testing']
    .map((name) => join(root, 'src', `${name}.ts`))
    .filter((path) => existsSync(path));
  await build({
    entryPoints,
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[hash]',
    format: 'esm',
    platform: 'node',
    target: TARGET,
    packages: 'external',
    sourcemap: 'linked',
    logLevel: 'warning',
  });
}
