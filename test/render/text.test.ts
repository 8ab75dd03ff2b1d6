import { existsSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import type { ClusterView } from '../../src/lib/cluster/model.js';
import { planDelNode } from '../../src/lib/plan/plan-removal.js';
import { planCreate } from '../../src/lib/plan/plan-create.js';
import { planRebalance } from '../../src/lib/plan/plan-rebalance.js';
import { planReshard } from '../../src/lib/plan/plan-reshard.js';
import { balanceText } from '../../src/lib/render/balance-text.js';
import { reshardText, transferLine } from '../../src/lib/render/reshard-text.js';
import { checkText, clusterCheckText } from '../../src/lib/render/check-text.js';
import { createText } from '../../src/lib/render/create-text.js';
import { infoText } from '../../src/lib/render/info-text.js';
import { planText } from '../../src/lib/render/plan-text.js';
import { ProgressText } from '../../src/lib/render/progress-text.js';
import { styleFor, wrap, type Capabilities } from '../../src/lib/render/style.js';
import { tableText } from '../../src/lib/render/table-text.js';
import { blankClaims, idOf, syntheticNodes, viewOf } from '../support/synthetic-view.js';

const PLAIN: Capabilities = { color: false, width: 80 };

/** Compares with the file of that name; `UPDATE=1` writes it anew. */
function expectGolden(name: string, lines: readonly string[]): void {
  const path = fileURLToPath(new URL(`../fixtures/render/${name}.txt`, import.meta.url));
  const text = `${lines.join('\n')}\n`;
  if (process.env['UPDATE'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(existsSync(path), `${path} exists`).to.equal(true);
  expect(text).to.equal(readFileSync(path, 'utf8'));
}

function sickView(): ClusterView {
  const nodes = syntheticNodes();
  nodes[0]!.slots = '1-5460';
  nodes[1]!.flags = 'fail';
  nodes[1]!.silent = 'connect ECONNREFUSED 10.0.0.2:7001, tried for as long as 5000 ms';
  nodes[2]!.open = `[12000->-${idOf(0)}]`;
  nodes[2]!.info['db0'] = 'keys=1000,expires=0';
  nodes[3]!.info['master_link_status'] = 'down';
  return viewOf(nodes, (text, at) => (at === 5 ? text.replace('1-5460', '0-5460') : text));
}

const sites = (hosts: readonly number[]) =>
  blankClaims(hosts.map((host) => ({ host: `10.0.0.${host}` })));

function createLines(hosts: readonly number[], capabilities = PLAIN): readonly string[] {
  const decision = planCreate(sites(hosts), { replicas: 1 });
  if (decision.kind !== 'create') throw new Error('nothing to create');
  return createText(decision.layout, decision.plan.remarks, capabilities);
}

describe('text', () => {
  it('shows a healthy cluster in the form of redis-trib', () => {
    const view = viewOf(syntheticNodes());
    expectGolden('check-healthy', checkText(view, diagnose(view), PLAIN));
  });

  it('lists the owners of a slot as redis-cli does, only when they were looked for', () => {
    const view = viewOf(syntheticNodes());
    const heading = '>>> Check for multiple slot owners...';
    expect(clusterCheckText(view, [], PLAIN)).not.to.include(heading);
    expect(clusterCheckText(view, [], PLAIN, []).slice(-2)).to.deep.equal([
      heading,
      '[OK] No multiple owners found.',
    ]);
    const said = [{ id: idOf(1), counts: new Map([[7, 2]]) }];
    expect(clusterCheckText(view, [], PLAIN, said).slice(-4)).to.deep.equal([
      heading,
      '[WARNING] Slot 7 has 2 owners:',
      '    10.0.0.1:7000',
      '    10.0.0.2:7001',
    ]);
  });

  it('shows what is wrong, who says so, and what to type', () => {
    const view = sickView();
    expectGolden('check-sick', checkText(view, diagnose(view), PLAIN));
  });

  it('shows the configuration before create asks', () => {
    expectGolden('create-spread', createLines([1, 1, 2, 2, 3, 3]));
    expectGolden('create-crowded', createLines([1, 1, 2, 2, 1, 1, 1]));
  });

  it('calls the anti-affinity perfect only when it is', () => {
    expect(createLines([1, 1, 2, 2, 3, 3])).to.include('[OK] Perfect anti-affinity obtained!');
    const crowded = createLines([1, 1, 1, 1, 1, 1]);
    expect(crowded).to.include('[WARNING] Some slaves are in the same host as their master');
    expect(crowded.join()).not.to.contain('Perfect');
  });

  it('shows a plan with the reason of every step', () => {
    const view = viewOf(syntheticNodes());
    const plan = planDelNode(view, idOf(5), { reset: 'soft', shutdown: true });
    expectGolden('plan-del-node', planText(plan, PLAIN));
    expectGolden(
      'plan-create',
      planText(planCreate(sites([1, 2, 3]), { replicas: 0 }).plan, PLAIN),
    );
    expect(planText({ ...plan, stages: [], remarks: ['It is gone.'] }, PLAIN)).to.deep.equal([
      '[WARNING] It is gone.',
      'Nothing to do for del-node.',
    ]);
  });

  it('shows what reshard will do in the lines of redis-trib, and many slots as ranges', () => {
    const nodes = syntheticNodes({ nodes: 4, replicas: 0 });
    [nodes[0]!.slots, nodes[1]!.slots] = ['0-5460', '5461-10922'];
    [nodes[2]!.slots, nodes[3]!.slots] = ['10923-16383', ''];
    const view = viewOf(nodes);
    const wish = { targetId: idOf(3), sourceIds: 'all' } as const;
    const few = planReshard(view, { ...wish, count: 5 });
    expectGolden('reshard-few', [
      ...reshardText(view, few),
      ...planText(few.plan, PLAIN),
      ...few.transfers.map(transferLine),
    ]);
    const many = planReshard(view, { ...wish, count: 4096 });
    expectGolden('reshard-many', reshardText(view, many));
    expect(reshardText(view, many, { verbose: true }).slice(-1)).to.deep.equal([
      `    Moving slot 16383 from ${idOf(2)}`,
    ]);
  });

  it('draws the primaries before and after a rebalance', () => {
    const nodes = syntheticNodes({ nodes: 4, replicas: 0 });
    nodes[0]!.host = 'a-host-with-a-rather-long-name.example.org';
    [nodes[0]!.slots, nodes[1]!.slots] = ['0-9999', '10000-10001'];
    [nodes[2]!.slots, nodes[3]!.slots] = ['10002-16383', ''];
    const view = viewOf(nodes);
    const bySlots = planRebalance(view, { useEmpty: true });
    expectGolden('balance-slots', balanceText(bySlots.shares, 'slots', PLAIN));
    const of = Float64Array.from({ length: 16384 }, (_, slot) => (slot % 7) * 1_000);
    const byMemory = planRebalance(view, { useEmpty: true, loads: { measure: 'memory', of } });
    expectGolden('balance-memory', balanceText(byMemory.shares, 'memory', PLAIN));
    const lines = balanceText(byMemory.shares, 'memory', PLAIN);
    expect(lines.filter((line) => line.length > 80)).to.deep.equal([]);
    expect(balanceText(byMemory.shares, 'cpu', PLAIN).join()).to.contain(' ms/s');
  });

  it('sums up keys, slots and replicas, and lists every member', () => {
    expectGolden('info', infoText(sickView(), PLAIN));
  });

  it('keeps prose within 80 columns; only commands to copy may be longer', () => {
    const view = sickView();
    const lines = [
      ...checkText(view, diagnose(view), PLAIN),
      ...infoText(view, PLAIN),
      ...createLines([1, 1, 2, 2, 1, 1, 1]),
    ];
    const long = lines.filter((line) => line.length > 80 && !line.startsWith('    > '));
    expect(long).to.deep.equal([]);
  });

  it('says the same with colour as without', () => {
    const view = sickView();
    const colored = checkText(view, diagnose(view), { color: true, width: 80 }).join('\n');
    const escapes = /\x1b\[\d+(;\d+)*m/g;
    expect(colored).to.match(escapes);
    expect(colored.replace(escapes, '')).to.equal(
      checkText(view, diagnose(view), PLAIN).join('\n'),
    );
    expect(styleFor(PLAIN).error('x')).to.equal('[ERR] x');
  });

  it('prints the lines the tutorial promises of a check, in their order', () => {
    const nodes = syntheticNodes({ nodes: 3, replicas: 0 });
    const lines = clusterCheckText(viewOf(nodes), [], PLAIN);
    expect(lines.slice(0, 4)).to.deep.equal([
      '>>> Performing Cluster Check (using node 10.0.0.1:7000)',
      `M: ${idOf(0)} 10.0.0.1:7000`,
      '   slots:0-5460 (5461 slots) master',
      '   0 additional replica(s)',
    ]);
    expect(lines.slice(-4)).to.deep.equal([
      '[OK] All nodes agree about slots configuration.',
      '>>> Check for open slots...',
      '>>> Check slots coverage...',
      '[OK] All 16384 slots covered.',
    ]);
  });
});

describe('progress', () => {
  const node = { id: idOf(0), address: { host: 'h', port: 1 } };
  const setTimeoutStep = {
    kind: 'set-config',
    node,
    name: 'cluster-node-timeout',
    value: '5000',
    rewrite: true,
    why: 'x',
  } as const;

  it('grows a line by dots while waiting, and starts a new one for anything else', () => {
    const progress = new ProgressText(PLAIN);
    const what = 'Waiting for the cluster to join';
    const text = [
      progress.next({ kind: 'stage-started', title: 'Meeting', stepCount: 2 }),
      progress.next({ kind: 'wait-started', what, deadlineMs: 1 }),
      progress.next({ kind: 'wait-continues', what, missing: ['a'] }),
      progress.next({ kind: 'wait-continues', what, missing: ['a'] }),
      progress.next({ kind: 'remark', severity: 'warning', message: 'slow' }),
      progress.next({ kind: 'wait-continues', what, missing: [] }),
      progress.next({ kind: 'wait-done', what, elapsedMs: 5 }),
    ].join('');
    expect(text).to.equal(`>>> Meeting\n${what}..\n[WARNING] slow\n`);
    expect(progress.end()).to.equal('');
  });

  it('ends an open line when it is asked to', () => {
    const progress = new ProgressText(PLAIN);
    progress.next({ kind: 'wait-started', what: 'Waiting', deadlineMs: 1 });
    expect(progress.end()).to.equal('\n');
  });

  it('keeps the lines of set-timeout, and names failures with their step', () => {
    const progress = new ProgressText(PLAIN);
    expect(progress.next({ kind: 'step-done', step: setTimeoutStep, elapsedMs: 1 })).to.equal(
      '*** New timeout set for h:1\n',
    );
    expect(
      progress.next({ kind: 'step-failed', step: setTimeoutStep, message: 'no', isRefused: true }),
    ).to.equal('ERR setting node-timeout for h:1: no\n');
    const reset = { kind: 'reset', node, mode: 'soft', why: 'x' } as const;
    expect(progress.next({ kind: 'step-done', step: reset, elapsedMs: 1 })).to.equal('');
    expect(
      progress.next({ kind: 'step-failed', step: reset, message: 'no', isRefused: true }),
    ).to.equal('[ERR] Could not reset h:1 (soft): no\n');
  });

  it('tells everything when verbose', () => {
    const progress = new ProgressText(PLAIN, { verbose: true });
    const reset = { kind: 'reset', node, mode: 'soft', why: 'x' } as const;
    expect(progress.next({ kind: 'step-done', step: reset, elapsedMs: 7 })).to.equal(
      '    reset h:1 (soft) (7 ms)\n',
    );
    progress.next({ kind: 'wait-started', what: 'Waiting', deadlineMs: 1 });
    expect(
      progress.next({ kind: 'wait-continues', what: 'Waiting', missing: ['h:1 is slow'] }),
    ).to.equal('\n    h:1 is slow\n');
  });

  it('names the nodes an undo could not reach', () => {
    const progress = new ProgressText(PLAIN);
    const clean = [{ host: 'a', port: 1 }];
    expect(progress.next({ kind: 'undo-started', nodes: clean })).to.equal(
      '>>> Undoing on 1 nodes\n',
    );
    expect(progress.next({ kind: 'undo-done', clean, left: [] })).to.equal(
      '[OK] 1 nodes are empty again.\n',
    );
    expect(progress.next({ kind: 'undo-done', clean, left: [{ host: 'b', port: 2 }] })).to.equal(
      '[WARNING] 1 nodes are empty again, 1 could not be undone:\n    b:2\n',
    );
  });
});

describe('wrapping', () => {
  it('breaks at spaces and keeps long words whole', () => {
    expect(wrap('aa bb cc', 5)).to.deep.equal(['aa bb', 'cc']);
    expect(wrap('a verylongword b', 6, { rest: ' ' })).to.deep.equal(['a', ' verylongword', ' b']);
    expect(wrap('', 5)).to.deep.equal(['']);
  });

  it('lets the last column of a table give way', () => {
    const lines = tableText(
      [{ title: 'N', align: 'right' }, { title: 'WORDS' }],
      [[7, 'one two three four five six']],
      { color: false, width: 24 },
    );
    expect(lines).to.deep.equal(['N  WORDS', '7  one two three four', '   five six']);
  });
});
