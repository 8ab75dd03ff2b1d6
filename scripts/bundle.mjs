/** The esbuild half of the build: what goes into which file. Needs an install; see build.mjs. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { readManifest } from './manifest.mjs';
import { root } from './support.mjs';

const TARGET = 'node20.19';
/** bin/run.js reads it from the first bytes of the bundle. */
const BUILD_ID_LENGTH = 16;

export async function bundleAll(folder) {
  const inputs = [...(await bundleLibraries(folder)), ...(await bundleProgram(folder))];
  writeFileSync(join(folder, 'LICENSES.txt'), licenceTexts(inputs));
}

/**
 * `trib` and `trib/testing`, which import nothing but Node; `trib` its hash function alone. Both for `import`
 * and for `require`: a test runner that knows no modules is where a testing library is needed most.
 */
async function bundleLibraries(folder) {
  const cjs = join(folder, 'cjs');
  const forms = [
    { format: 'esm', folder, banner: REQUIRE_IN_MODULE },
    { format: 'cjs', folder: cjs, banner: '' },
  ];
  const inputs = [];
  for (const { format, folder, banner } of forms) {
    const shared = { bundle: true, format, target: TARGET, logLevel: 'warning', metafile: true };
    await build({
      ...shared,
      entryPoints: [join(root, 'src', 'index.ts')],
      outfile: join(folder, 'index.js'),
      // An import of anything else from Node fails the build here: the planners do no I/O. The hash is for
      // fingerprints of plans.
      platform: 'neutral',
      external: ['node:crypto'],
    });
    const { metafile } = await build({
      ...shared,
      entryPoints: [join(root, 'src', 'testing.ts')],
      outfile: join(folder, 'testing.js'),
      platform: 'node',
      banner: { js: banner },
    });
    inputs.push(...Object.keys(metafile.inputs));
  }
  writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
  return inputs;
}

/** A package inside is CommonJS and requires Node's own modules, which a module cannot do by itself. */
const REQUIRE_IN_MODULE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** The command line with all it needs in one CommonJS file; a command's modules run when it is asked for. */
async function bundleProgram(folder) {
  const path = join(folder, 'cli', 'main.cjs');
  const { metafile } = await build({
    metafile: true,
    entryPoints: [join(root, 'bin', 'bundled.js')],
    outfile: path,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    // Read as latin1 by bin/run.js: nothing above ASCII may stand in it unescaped.
    charset: 'ascii',
    plugins: [commandTable(), inlineRequires(), lazyBuiltins()],
    logLevel: 'warning',
    // `require` of these is optional in oclif and never reached by a built program.
    external: ['typescript', 'tsx', 'ts-node', 'pnpapi'],
  });
  // As bin/run.js wants it: a function to call, and in front what tells this build from every other one.
  const body = readFileSync(path, 'latin1');
  const id = createHash('sha256').update(body).digest('hex').slice(0, BUILD_ID_LENGTH);
  const head = '(function (exports, require, module, __filename, __dirname) {';
  writeFileSync(path, `/*${id}*/${head}${body}\n})`, 'latin1');
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

/**
 * Packages compiled from TypeScript to CommonJS load all they might ever need when they are loaded. Their
 * requires have one form, `const name_1 = require("...")`, and are used as `name_1.member` only; here each
 * becomes a function that loads at its first use. It halves what a command runs before its first line.
 */
function inlineRequires() {
  const REQUIRE = /^const (\w+_\d+) = ((?:__importDefault\()?require\("[^"]+"\)\)?);$/gm;
  return {
    name: 'inline-requires',
    setup(setup) {
      setup.onLoad(
        { filter: /node_modules[/\\](?:@oclif[/\\]core|ioredis)[/\\].*\.js$/ },
        ({ path }) => {
          // What oclif checks when it is loaded (that Node is no older than 18, with a package for
          // comparing versions) is said by our own `engines`.
          const source = readFileSync(path, 'utf8').replace(/^checkNodeVersion\(\);$/m, '');
          const names = [...source.matchAll(REQUIRE)].map(([, name]) => name);
          const isUsedOtherwise = (name) =>
            [...source.matchAll(new RegExp(`\\b${name}\\b(?!\\.)`, 'g'))].length !== 1;
          const lazy = new Set(names.filter((name) => !isUsedOtherwise(name)));
          const contents = source
            .replace(REQUIRE, (line, name, load) =>
              lazy.has(name) ? `let ${name}$; const ${name} = () => (${name}$ ??= ${load});` : line,
            )
            .replace(/\b(\w+_\d+)\./g, (use, name) => (lazy.has(name) ? `(${name}()).` : use));
          return { contents, loader: 'js' };
        },
      );
    },
  };
}

/**
 * Node's own modules that are not part of its start (tls, crypto, child_process and the like) take
 * milliseconds each. Here they stand for themselves until one of their members is touched.
 */
function lazyBuiltins() {
  const ready = new Set([
    'assert',
    'buffer',
    'events',
    'fs',
    'module',
    'path',
    'process',
    'stream',
    'url',
    'util',
    'vm',
  ]);
  const late = builtinModules.filter((name) => !ready.has(name) && !name.startsWith('_'));
  return {
    name: 'lazy-builtins',
    setup(setup) {
      const filter = new RegExp(`^(?:node:)?(?:${late.join('|')})$`);
      setup.onResolve({ filter }, ({ path, namespace }) =>
        namespace === 'late'
          ? { path, external: true }
          : { path: path.replace('node:', ''), namespace: 'late' },
      );
      setup.onLoad({ filter: /./, namespace: 'late' }, async ({ path }) => {
        const members = Object.keys((await import(`node:${path}`)).default);
        return {
          loader: 'js',
          contents: `let real;
            const load = () => (real ??= require('node:${path}'));
            module.exports = Object.defineProperties({}, Object.fromEntries(
              ${JSON.stringify(members)}.map((name) => [
                name,
                { enumerable: true, configurable: true, get: () => load()[name] },
              ]),
            ));`,
        };
      });
    },
  };
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
