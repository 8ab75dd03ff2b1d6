/** Planners of what carries data over the edge of a cluster: which way, from whom, how much to whom. */
import { expect } from 'chai';
import { parseFacts } from '../../src/lib/cluster/facts.js';
import { planBackup } from '../../src/lib/plan/plan-backup.js';
import { planImport, type ImportWish } from '../../src/lib/plan/plan-import.js';
import { planRestore } from '../../src/lib/plan/plan-restore.js';
import { idOf, syntheticNodes, viewOf, type SyntheticNode } from '../support/synthetic-view.js';
import { thrownBy } from '../support/thrown-by.js';

const WISH: ImportWish = {
  merge: false,
  copy: false,
  throughTool: false,
  clusterSpeaksTls: false,
};

function source(lines: readonly string[], options: { readonly host?: string } = {}) {
  const info = ['cluster_enabled:0', 'redis_version:7.0.15', 'role:master', ...lines].join('\r\n');
  const address = { host: options.host ?? '10.1.1.1', port: 6379 };
  return { address, facts: parseFacts({ info }), migratesByTls: false };
}

const view = (change: (nodes: SyntheticNode[]) => void = () => undefined) => {
  const nodes = syntheticNodes();
  change(nodes);
  return viewOf(nodes);
};

describe('planImport', () => {
  it('sends keys straight to every owner', () => {
    const plan = planImport(view(), source(['db0:keys=10,expires=0']), WISH);
    expect(plan).to.include({ way: 'straight', keyCount: 10 });
    expect(plan.stages[0]!.steps.map(({ node }) => node.id)).to.deep.equal([0, 1, 2].map(idOf));
  });

  it('has nothing to do for an empty source', () => {
    expect(planImport(view(), source([]), WISH).stages).to.deep.equal([]);
  });

  it('goes through this machine where the source cannot send, and says why', () => {
    const ways: readonly (readonly [RegExp, string, boolean, Partial<ImportWish>])[] = [
      [/tls-cluster/, '', false, { clusterSpeaksTls: true }],
      [/tls-cluster/, '', true, {}],
      [/before version 6\.0\.0/, 'redis_version:5.0.14', false, { login: { username: 'user' } }],
      [/before version 4\.0\.7/, 'redis_version:4.0.6', false, { login: {} }],
      [/copies before 3\.0/, 'redis_version:2.8.24', false, { copy: true }],
      [/is a replica/, 'role:slave', false, { copy: true }],
    ];
    for (const [words, line, migratesByTls, wish] of ways) {
      const facts = parseFacts({ info: `${line}\r\ndb0:keys=1,expires=0` });
      const from = { address: { host: '10.1.1.1', port: 6379 }, facts, migratesByTls };
      const plan = planImport(view(), from, { ...WISH, ...wish });
      expect(plan.way, line).to.equal('through-tool');
      expect(plan.remarks.join()).to.match(words);
    }
  });

  it('never lets a source elsewhere send keys to an address that means its own machine', () => {
    const near = viewOf(syntheticNodes({ hostOf: () => '127.0.0.1' }));
    const one = ['db0:keys=1,expires=0'];
    expect(planImport(near, source(one), WISH).way).to.equal('through-tool');
    expect(planImport(near, source(one, { host: '127.0.0.1' }), WISH).way).to.equal('straight');
  });

  it('refuses cluster nodes, replicas that should be emptied, and databases nobody spoke of', () => {
    const member = { ...source([]), facts: parseFacts({ info: 'cluster_enabled:1' }) };
    expect(thrownBy(() => planImport(view(), member, WISH))).to.include({ code: 'REFUSED' });
    const replica = { ...source([]), facts: parseFacts({ info: 'role:slave' }) };
    expect(thrownBy(() => planImport(view(), replica, WISH))).to.include({ code: 'REFUSED' });
    const two = source(['db0:keys=1,expires=0', 'db9:keys=2,expires=0']);
    expect(thrownBy(() => planImport(view(), two, WISH))).to.include({ code: 'REFUSED' });
    expect(planImport(view(), two, { ...WISH, databases: [9] })).to.include({ keyCount: 2 });
    expect(planImport(view(), two, { ...WISH, databases: [9] }).remarks[0]).to.include(
      '0 (1 keys)',
    );
    expect(planImport(view(), two, { ...WISH, merge: true }).databases).to.deep.equal([0, 9]);
    const both = { ...WISH, databases: [0, 9] };
    expect(thrownBy(() => planImport(view(), two, both))).to.include({ code: 'REFUSED' });
  });
});

describe('planBackup', () => {
  const givers = (of: ReturnType<typeof planBackup>) => of.shards.map(({ node }) => node.id);
  const linked = (nodes: SyntheticNode[], at: number, offset: number): void => {
    Object.assign(nodes[at]!.info, {
      ...{ role: 'slave', master_link_status: 'up', slave_repl_offset: offset },
    });
  };

  it('asks primaries, or the replicas that are in touch with them', () => {
    expect(givers(planBackup(view(), { fromReplicas: false }))).to.deep.equal([0, 1, 2].map(idOf));
    const some = view((nodes) => {
      linked(nodes, 3, 5);
      nodes[4]!.info['master_link_status'] = 'down';
      linked(nodes, 5, 5);
    });
    const plan = planBackup(some, { fromReplicas: true });
    expect(givers(plan)).to.deep.equal([idOf(3), idOf(1), idOf(5)]);
    expect(plan.remarks).to.have.lengthOf(1);
  });

  it('gives up before it begins when nobody has the data of a shard', () => {
    const broken = view((nodes) => {
      nodes[1]!.silent = 'refused';
      nodes[4]!.silent = 'refused';
    });
    expect(thrownBy(() => planBackup(broken, { fromReplicas: false }))).to.include({
      code: 'NODE_UNREACHABLE',
    });
  });
});

describe('planRestore', () => {
  const keysOfSlot = new Uint32Array(16_384).fill(1);
  const contents = {
    ...{ keysOfSlot, keyCount: 16_384, expired: 0, hasFunctions: true, functionsDiffer: false },
  };
  const wish = { replace: false, skipFunctions: false };

  it('gives every owner the keys of its slots, and every primary the functions', () => {
    const plan = planRestore(view(), contents, wish);
    const [functions, keys] = plan.stages;
    expect(functions!.steps.map(({ kind }) => kind)).to.deep.equal(Array(3).fill('load-functions'));
    const counts = keys!.steps.map((step) => (step.kind === 'load-keys' ? step.keyCount : 0));
    expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(16_384);
    expect(planRestore(view(), contents, { ...wish, skipFunctions: true }).stages).to.have.lengthOf(
      1,
    );
  });

  it('refuses a cluster with keys, unless those may be overwritten', () => {
    const filled = view((nodes) => (nodes[2]!.info['db0'] = 'keys=3,expires=0'));
    expect(thrownBy(() => planRestore(filled, contents, wish))).to.include({
      code: 'NODE_NOT_EMPTY',
    });
    const plan = planRestore(filled, contents, { ...wish, replace: true });
    expect(plan.remarks[0]).to.include('The cluster holds 3 keys');
  });
});
