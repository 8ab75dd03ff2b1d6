/** What somebody gets who installs the package: packed as for publishing, installed in an empty folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

  it("gives import 'trib' and 'trib/testing' with their types", () => {
    writeFileSync(
      join(user, 'use.ts'),
      `import { SLOT_COUNT, type ClusterView, type Plan } from 'trib';
       import { startCluster, startNode, type Cluster } from 'trib/testing';
       const count: number = SLOT_COUNT;
       const view: ClusterView | undefined = undefined;
       const plan: Plan | undefined = undefined;
       const start: (options: { primaries: number }) => Promise<Cluster> = startCluster;
       console.log(count, view, plan, typeof start, typeof startNode);
       // @ts-expect-error a count is a number
       void (() => startCluster({ primaries: 'three' }));`,
    );
    const settings = {
      strict: true,
      module: 'nodenext',
      target: 'es2023',
      types: [],
      skipLibCheck: false,
    };
    writeFileSync(
      join(user, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: { ...settings, lib: ['es2023', 'dom'] },
        files: ['use.ts'],
      }),
    );
    run(
      process.execPath,
      [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'],
      user,
    );
    expect(run(process.execPath, ['use.js'], user).trim()).to.equal(
      '16384 undefined undefined function function',
    );
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
});

function run(command: string, args: readonly string[], cwd: string): string {
  // A test runner's own settings are not those of a user.
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: '' };
  return execFileSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && command !== process.execPath,
  });
}
