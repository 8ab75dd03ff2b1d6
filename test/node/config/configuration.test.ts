/** The directives of a running node. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Configuration } from '../../../src/lib/node/config/configuration.js';
import { DIRECTIVES } from '../../../src/lib/node/config/directives.js';
import { FILE_ONLY_DIRECTIVES } from '../../../src/lib/node/config/file-only.js';
import { loadConfig } from '../../../src/lib/node/config/load.js';
import { parseValue } from '../../../src/lib/node/config/values.js';
import { err, ok } from '../../../src/lib/kernel/result.js';

const NO_FILES = () => err('no files here');

describe('a configuration', () => {
  it('has a note for every directive, and names none twice', () => {
    const names = [
      ...DIRECTIVES.flatMap(({ name, alias }) => [name, ...(alias === undefined ? [] : [alias])]),
      ...FILE_ONLY_DIRECTIVES.map(({ name }) => name),
    ];
    expect(new Set(names).size).to.equal(names.length);
    for (const { name, note } of [...DIRECTIVES, ...FILE_ONLY_DIRECTIVES]) {
      expect(note, name).to.match(/^[A-Z`0].*\.$/);
    }
  });

  it('calls nothing effective that no code of the node reads', () => {
    const folder = fileURLToPath(new URL('../../../src/lib/node/', import.meta.url));
    const code = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !/config[/\\]directives/.test(path))
      .map((path) => readFileSync(join(folder, path), 'utf8'))
      .join('');
    const idle = DIRECTIVES.filter(
      ({ name, status }) => status === 'effective' && !code.includes(`'${name}'`),
    );
    expect(idle.map(({ name }) => name)).to.deep.equal([]);
  });

  it('accepts every default as a value', () => {
    for (const directive of DIRECTIVES) {
      if (directive.name === 'replicaof') continue;
      const value = parseValue(directive, [directive.default], directive.default, 'file');
      expect(value, directive.name).to.deep.equal(ok(directive.default));
    }
  });

  it('tells listeners of changes only, whichever name was used', () => {
    const config = new Configuration();
    const heard: string[] = [];
    config.onChange('slave-priority', (value) => heard.push(value));
    config.set('replica-priority', '100');
    config.set('replica-priority', '7');
    config.set('slave-priority', '8');
    expect(heard).to.deep.equal(['7', '8']);
    expect(config.number('replica-priority')).to.equal(8);
  });

  it('takes everything back when an applier refuses', () => {
    const config = new Configuration();
    const applied: string[] = [];
    config.applyWith('hz', (value) => void applied.push(value));
    config.applyWith('timeout', () => 'not today');
    const said = config.setAll([
      ['hz', '20'],
      ['timeout', '5'],
    ]);
    expect(said).to.equal("CONFIG SET failed (possibly related to argument 'timeout') - not today");
    expect([config.get('hz'), config.get('timeout')]).to.deep.equal(['10', '0']);
    expect(applied).to.deep.equal(['20', '10']);
  });

  it('does not say yes to a port it cannot move to', () => {
    expect(new Configuration().set('port', '7001')).to.match(/cannot change it while it runs/);
  });

  it('guards dir and dbfilename as enable-protected-configs says', () => {
    const set = (permission: string, isLocal: boolean): string | undefined =>
      new Configuration({ 'enable-protected-configs': permission }).setAll(
        [['dbfilename', 'x.rdb']],
        isLocal,
      );
    expect(set('yes', false)).to.equal(undefined);
    expect(set('local', true)).to.equal(undefined);
    expect(set('local', false)).to.match(/protected/);
    expect(set('no', true)).to.match(/protected/);
  });

  it('adds up save lines of a file, and replaces with CONFIG SET', () => {
    const config = new Configuration();
    const text = 'save 900 1\nsave 300 10\n';
    expect(loadConfig(config, [{ where: 'x', text }], NO_FILES)).to.equal(undefined);
    expect(config.get('save')).to.equal('900 1 300 10');
    config.set('save', '60 5');
    expect(config.get('save')).to.equal('60 5');
  });

  it('takes the user line of a rewritten file if it is the password that is set', () => {
    const hash = '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90';
    const load = (text: string): string | undefined =>
      loadConfig(new Configuration(), [{ where: 'x', text }], NO_FILES)?.reason;
    const user = `user default on #${hash} ~* &* +@all\n`;
    expect(load(`${user}requirepass alice\n`)).to.equal(undefined);
    expect(load(user)).to.match(/not supported/);
    expect(load('user default on >pw ~* &* +@all\n')).to.equal(undefined);
    expect(load('user default off\n')).to.match(/not supported/);
    expect(load('user default on ~a* +@all\n')).to.match(/not supported/);
    expect(load(`${user}requirepass bob\n`)).to.match(/not supported/);
  });
});
