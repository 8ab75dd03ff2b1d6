/** The repairs of `fix` on embedded nodes, which must take them as real servers do. */
import { expect } from 'chai';
import { RedisLinks } from '../../src/lib/client/redis-links.js';
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import type { Link } from '../../src/lib/execute/links.js';
import { observe } from '../../src/lib/execute/observe.js';
import { runRepairs } from '../../src/lib/execute/repair/run-repairs.js';
import { sampleKeys } from '../../src/lib/execute/repair/sample-keys.js';
import { countForeignKeys, countKeysInSlots } from '../../src/lib/execute/slot-keys.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import { planFix } from '../../src/lib/plan/fix/plan-fix.js';
import { fixQuestions } from '../../src/lib/plan/fix/questions.js';
import { startCluster, type Cluster } from '../../src/testing.js';
import { contextOf } from '../execute/fake-links.js';
import { keysOf } from './fix-cluster.js';

describe('fix on embedded nodes', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  const links = new RedisLinks({});
  before(async () => {
    cluster = await startCluster({ primaries: 3, replicasPerPrimary: 1 });
  });
  after(async () => {
    links.closeAll();
    await cluster.stop();
  });

  async function say(link: Link, ...requests: readonly string[]): Promise<readonly unknown[]> {
    const replies = await link.ask(requests.map((request) => request.split(' ')));
    for (const reply of replies) if (reply instanceof TribError) throw reply;
    return replies;
  }

  it('finishes, closes, claims and collects', async () => {
    const primaries = cluster.nodes.filter(({ role }) => role === 'primary');
    const nodes = primaries.map(({ host, port }) => links.to({ host, port }));
    const [a, b, c] = nodes as [Link, Link, Link];
    const ids = await Promise.all(
      nodes.map(async (link) => String((await say(link, 'CLUSTER MYID'))[0])),
    );
    const owners = await Promise.all(nodes.map((link) => say(link, 'CLUSTER NODES')));
    // The node that owns slot 100 is `a`, whatever the order they come in.
    expect(String(owners[0]![0])).to.match(/myself,master .* 0-5460/);
    const slots = [100, 101, 102, 103];
    for (const slot of slots) await say(a, ...keysOf(slot, 5).map((key) => `SET ${key} value`));
    await say(
      b,
      `CLUSTER SETSLOT 100 IMPORTING ${ids[0]!}`,
      `CLUSTER SETSLOT 101 IMPORTING ${ids[0]!}`,
    );
    await say(
      a,
      `CLUSTER SETSLOT 100 MIGRATING ${ids[1]!}`,
      `CLUSTER SETSLOT 102 MIGRATING ${ids[1]!}`,
    );
    await say(b, 'ASKING', `SET ${keysOf(100, 6)[5]!} value`);
    await say(c, `CLUSTER SETSLOT 103 IMPORTING ${ids[0]!}`);
    await say(
      c,
      ...keysOf(103, 14)
        .slice(5)
        .flatMap((key) => ['ASKING', `SET ${key} value`]),
    );
    await say(c, 'CLUSTER SETSLOT 103 STABLE');
    for (const link of nodes) await say(link, 'CLUSTER DELSLOTS 103 104');

    const entry = { host: primaries[0]!.host, port: primaries[0]!.port };
    const view = await observe(links, entry);
    const evidence = await countKeysInSlots(links, fixQuestions(view, {}));
    const { plan, cases } = planFix(view, evidence);
    expect(cases.filter(({ left }) => left)).to.deep.equal([]);
    const failures = await runRepairs(plan, contextOf(links, { deadlineMs: 15_000 }));
    expect(failures).to.deep.equal([]);

    const after = await observe(links, entry);
    const stray = await countForeignKeys(links, after);
    const errors = diagnose(after, stray).filter(({ severity }) => severity === 'error');
    expect(errors.map(({ message }) => message)).to.deep.equal([]);
    const count = (link: Link) =>
      say(link, ...[100, 101, 102, 103].map((slot) => `CLUSTER COUNTKEYSINSLOT ${slot}`));
    expect(await Promise.all(nodes.map(count))).to.deep.equal([
      [0, 5, 5, 0],
      [6, 0, 0, 0],
      [0, 0, 0, 14],
    ]);
  });

  it('counts the keys of every database, and does not close a slot over them', async () => {
    const config = { 'cluster-databases': '3' };
    const several = await startCluster({ primaries: 3, persona: 'valkey-9', config });
    try {
      const [entry, other] = several.nodes;
      const [a, b] = [entry!, other!].map((node) => links.to(node)) as [Link, Link];
      const [idA, idB] = [(await say(a, 'CLUSTER MYID'))[0], (await say(b, 'CLUSTER MYID'))[0]];
      const [open, stray] = [100, 101];
      await say(b, `CLUSTER SETSLOT ${open} IMPORTING ${String(idA)}`);
      await say(a, `CLUSTER SETSLOT ${open} MIGRATING ${String(idB)}`);
      await say(b, `CLUSTER SETSLOT ${stray} IMPORTING ${String(idA)}`);
      const sets = [...keysOf(open, 2), ...keysOf(stray, 3)].flatMap((key) => [
        'ASKING',
        `SET ${key} value`,
      ]);
      await say(b, 'SELECT 2', ...sets, 'SELECT 0', `CLUSTER SETSLOT ${stray} STABLE`);
      const view = await observe(links, entry!);
      const found = await countForeignKeys(links, view);
      expect(found.map(({ counts }) => [...counts]).flat()).to.deep.include([stray, 3]);
      const evidence = await countKeysInSlots(links, fixQuestions(view, { searchesKeys: true }));
      const { plan } = planFix(view, evidence, { searchesKeys: true });
      const failures = await runRepairs(plan, contextOf(links, { deadlineMs: 15_000 }));
      expect(failures).to.deep.equal([]);
      const counts = (link: Link) =>
        say(
          link,
          'SELECT 2',
          ...[open, stray].map((slot) => `CLUSTER COUNTKEYSINSLOT ${slot}`),
          'SELECT 0',
        );
      expect((await counts(a)).slice(1, 3)).to.deep.equal([0, 3]);
      expect((await counts(b)).slice(1, 3)).to.deep.equal([2, 0]);
      expect(await sampleKeys(links, entry!, { slots: [stray], keysMax: 2 })).to.deep.equal(
        new Map([[stray, keysOf(stray, 2)]]),
      );
    } finally {
      await several.stop();
    }
  });
});
