/** The esbuild half of the build: what goes into which file. Needs an install; see build.mjs. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './support.mjs';

const TARGET = 'node20.19';

export async function bundleAll(folder) {
  const inputs = [...(await bundleLibraries(folder)), ...(await bundleProgram(folder))];
  writeFileSync(join(folder, 'LICENSES.txt'), licenceTexts(inputs));
}

/** `trib` and `trib/testing`, as modules that import nothing but Node; `trib` not even that. */
async function bundleLibraries(folder) {
  const shared = {
    bundle: true,
    format: 'esm',
    target: TARGET,
    logLevel: 'warning',
  };
  await build({
    ...shared,
    entryPoints: [join(root, 'src', 'index.ts')],
    outfile: join(folder, 'index.js'),
    // An import of anything from Node would fail the build here: the planners run anywhere.
    platform: 'neutral',
  });
  const { metafile } = await build({
    ...shared,
    entryPoints: [join(root, 'src', 'testing.ts')],
    outfile: join(folder, 'testing.js'),
    platform: 'node',
    metafile: true,
    // A package inside is CommonJS and requires Node's own modules, which a module cannot do by itself.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return Object.keys(metafile.inputs);
}

/** The command line with all it needs in one CommonJS file; a command's modules run when it is asked for. */
async function bundleProgram(folder) {
  const { metafile } = await build({
    metafile: true,
    entryPoints: [join(root, 'bin', 'bundled.js')],
    outfile: join(folder, 'cli', 'main.cjs'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    // Read as latin1 by bin/run.js: nothing above ASCII may stand in it unescaped.
    charset: 'ascii',
    plugins: [commandTable()],
    logLevel: 'warning',
    // `require` of these is optional in oclif and never reached by a built program.
    external: ['typescript', 'tsx', 'ts-node', 'pnpapi'],
  });
  return Object.keys(metafile.inputs);
}

/** The licences of the packages in the bundle, which ask to travel with the code. */
function licenceTexts(inputs) {
  const packages = new Set(
    inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  return [...packages]
    .sort()
    .map((path) => {
      const { name, version, license } = JSON.parse(
        readFileSync(join(root, path, 'package.json'), 'utf8'),
      );
      const file = readdirSync(join(root, path)).find((each) => /^licen[cs]e/i.test(each));
      const text = file === undefined ? '' : readFileSync(join(root, path, file), 'utf8').trim();
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** Two modules made here: a loader for each file in src/commands, and oclif's manifest of them all. */
function commandTable() {
  return {
    name: 'command-table',
    setup(setup) {
      setup.onResolve({ filter: /^trib:/ }, ({ path }) => ({ path, namespace: 'trib' }));
      setup.onLoad({ filter: /^trib:commands$/, namespace: 'trib' }, () => ({
        contents: loadersSource(),
        resolveDir: root,
      }));
      setup.onLoad({ filter: /^trib:manifest$/, namespace: 'trib' }, async () => ({
        contents: JSON.stringify(await readManifest()),
        loader: 'json',
      }));
    },
  };
}

function loadersSource() {
  const folder = join(root, 'src', 'commands');
  const lines = readdirSync(folder, { recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => {
      const id = path.slice(0, -'.ts'.length).replaceAll('/', ':');
      return `${JSON.stringify(id)}: () => import(${JSON.stringify(`./src/commands/${path}`)}),`;
    });
  return `export default {\n${lines.join('\n')}\n};\n`;
}

/** oclif's own description of every command, taken from the sources. */
async function readManifest() {
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
