/** What somebody gets who installs the package: packed as for publishing, installed in an empty folder. */
import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('the package', function () {
  this.timeout(180_000);
  let folder: string;
  let user: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'trib-package-'));
    user = join(folder, 'user');
    mkdirSync(user);
    writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }');
    run(process.execPath, [join(root, 'scripts', 'build.mjs')], root);
    // The build is made; npm would make it again.
    run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    // Offline: it has no dependencies to fetch.
    run('npm', ['install', '--offline', '--no-audit', join(folder, `trib-${version}.tgz`)], user);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('brings nothing else along', () => {
    const lock = JSON.parse(readFileSync(join(user, 'package-lock.json'), 'utf8'));
    expect(Object.keys(lock.packages)).to.deep.equal(['', 'node_modules/trib']);
  });

  it('runs: npx trib --help, --version, and a command that fails', () => {
    expect(run('npx', ['trib', '--help'], user)).to.contain('USAGE');
    expect(run('npx', ['trib', '--version'], user)).to.match(/^trib\/\d/);
    expect(() => run('npx', ['trib', 'check', '127.0.0.1:1'], user)).to.throw('connection refused');
  });

  /** Compiles a file that uses both libraries, with the types of no other package. */
  function compile(files: readonly string[], settings: Record<string, unknown>): void {
    for (const file of files) writeFileSync(join(user, file), USE);
    const strict = { strict: true, skipLibCheck: false, types: [], target: 'es2023' };
    const compilerOptions = { ...strict, lib: ['es2023', 'dom'], ...settings };
    writeFileSync(join(user, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    run(process.execPath, [tsc, '-p', '.'], user);
  }

  it("gives import and require of 'trib' and 'trib/testing' with their types", () => {
    compile(['use.ts', 'use.cts'], { module: 'nodenext' });
    expect(readFileSync(join(user, 'use.js'), 'utf8')).to.contain("from 'trib/testing'");
    expect(readFileSync(join(user, 'use.cjs'), 'utf8')).to.contain('require("trib/testing")');
    for (const script of ['use.js', 'use.cjs']) {
      expect(run(process.execPath, [script], user).trim()).to.equal(USED);
    }
  });

  it('gives types also to compilers that know no exports', () => {
    const old = { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' };
    compile(['use.cts'], old);
    expect(run(process.execPath, ['use.cjs'], user).trim()).to.equal(USED);
  });

  it('starts a node with the library as published', () => {
    const program = `import { startNode } from 'trib/testing';
      import { connect } from 'node:net';
      const node = await startNode();
      const socket = connect(node.port, node.host);
      socket.write('PING\\r\\n');
      socket.once('data', async (reply) => {
        process.stdout.write(String(reply));
        socket.destroy();
        await node.stop();
      });`;
    const args = ['--input-type=module', '-e', program];
    expect(run(process.execPath, args, user)).to.equal('+PONG\r\n');
  });

  describe('in the examples of the documentation', () => {
    const RUNNERS: Readonly<Record<string, (folder: string) => string[]>> = {
      mocha: (folder) => ['node_modules/mocha/bin/mocha.js', folder],
      vitest: (folder) => ['node_modules/vitest/vitest.mjs', 'run', '--root', folder],
      jest: (folder) => ['node_modules/jest/bin/jest.js', '--rootDir', folder],
      'node-test': (folder) => ['--test', `${folder}/`],
    };
    const CLIENTS = ['ioredis.mjs', 'ioredis.cjs', 'node-redis.mjs', 'node-redis.cjs'];
    /** What went wrong, by runner; they run side by side. */
    const failures = new Map<string, Promise<string>>();

    before(() => {
      cpSync(join(root, 'examples'), join(user, 'examples'), { recursive: true });
      for (const name of ['mocha', 'vitest', 'jest', 'ioredis', 'redis']) {
        const target = join(root, 'node_modules', name);
        symlinkSync(target, join(user, 'node_modules', name), 'junction');
      }
      for (const [name, args] of Object.entries(RUNNERS)) {
        failures.set(name, failureOf(args(`examples/${name}`), user));
      }
    });
    after(() => Promise.all(failures.values()));

    for (const program of CLIENTS) {
      it(`serves ${program}`, () => {
        const said = run(process.execPath, [`examples/clients/${program}`], user);
        expect(said).to.equal('OK\nOK\n');
      });
    }

    for (const name of Object.keys(RUNNERS)) {
      it(`passes under ${name}`, async () => expect(await failures.get(name)).to.equal(''));
    }
  });
});

/** A program of a user: `await using` is one of the things to be typed. */
const USE = `
  import { SLOT_COUNT, type ClusterView, type Plan } from 'trib';
  import { startCluster, startNode, type Cluster } from 'trib/testing';
  const count: number = SLOT_COUNT;
  const view: ClusterView | undefined = undefined;
  const plan: Plan | undefined = undefined;
  const start: (options: { primaries: number }) => Promise<Cluster> = startCluster;
  console.log(count, view, plan, typeof start, typeof startNode);
  async function example(): Promise<string> {
    await using cluster = await start({ primaries: 3 });
    using partition = cluster.partition(cluster.nodes[0]!);
    return cluster.addresses[0]!;
  }
  void example;
  // @ts-expect-error a count is a number
  void (() => startCluster({ primaries: 'three' }));`;
const USED = '16384 undefined undefined function function';

/** All that a program said, if it failed. */
function failureOf(args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, ...PLAIN };
  return new Promise((resolve) => {
    const options = { cwd, env, timeout: 120_000 };
    execFile(process.execPath, args, options, (error, stdout) => {
      resolve(error === null ? '' : `${error.message}\n${stdout}`);
    });
  });
}

/** A test runner's own settings are not those of a user. */
const PLAIN = { NODE_OPTIONS: '', NODE_ENV: '', NODE_TEST_CONTEXT: '' };

function run(command: string, args: readonly string[], cwd: string): string {
  const env = { ...process.env, ...PLAIN };
  return execFileSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && command !== process.execPath,
  });
}
