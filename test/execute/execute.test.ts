/** Looking, running, waiting and undoing, over a table of answers instead of servers. */
import { expect } from 'chai';
import { runStage } from '../../src/lib/execute/run-plan.js';
import { waitConverged } from '../../src/lib/execute/convergence.js';
import { hurry } from '../../src/lib/execute/hurry.js';
import { mapBounded } from '../../src/lib/execute/map-bounded.js';
import { morePairs } from '../../src/lib/execute/acquaint.js';
import { observe } from '../../src/lib/execute/observe.js';
import { countForeignKeys } from '../../src/lib/execute/slot-keys.js';
import { waitSettled } from '../../src/lib/execute/settle.js';
import { undoCreate } from '../../src/lib/execute/undo.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import { rejectionOf } from '../support/thrown-by.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import type { NodeRef, Stage } from '../../src/lib/plan/plan.js';
import { FakeLinks, contextOf, idOf, nodesText, replyError } from './fake-links.js';

const PORTS = [7000, 7001, 7002];
const refOf = (port: number): NodeRef => ({
  id: idOf(port) as NodeId,
  address: { host: '127.0.0.1', port, busPort: port + 10_000 },
});
const REFS = PORTS.map(refOf);
const portOf = (node: string): number => Number(node.split(':')[1]);

/** A healthy cluster of three primaries. */
function healthy(command: string, node: string): unknown {
  if (command === 'CLUSTER NODES') return nodesText(portOf(node), PORTS);
  if (command === 'CLUSTER INFO') return 'cluster_state:ok\r\ncluster_known_nodes:3\r\n';
  if (command === 'INFO') return 'redis_version:7.0.15\r\nrole:master\r\ncluster_enabled:1\r\n';
  if (command.startsWith('CONFIG GET')) return ['cluster-node-timeout', '15000'];
  return 'OK';
}

describe('observe', () => {
  it('asks every node once, and makes a node that does not answer a silence', async () => {
    const links = new FakeLinks((command, node) => {
      if (portOf(node) === 7002) throw new TribError('NO_ANSWER', 'no answer');
      return healthy(command, node);
    });
    const view = await observe(links, REFS[0]!.address);
    expect(view.claims.size).to.equal(2);
    expect(view.silences).to.have.length(1);
    expect(view.silences[0]).to.include({ id: idOf(7002), reason: 'no answer' });
    expect(links.asked.filter((line) => line.endsWith('CLUSTER NODES'))).to.have.length(3);
  });

  it('does without what a restricted user may not ask', async () => {
    const links = new FakeLinks((command, node) => {
      if (!command.startsWith('CLUSTER NODES')) throw replyError('NOPERM');
      return healthy(command, node);
    });
    const view = await observe(links, REFS[0]!.address);
    expect(
      [...view.claims.values()].every(({ facts }) => facts.nodeTimeoutMs === undefined),
    ).to.equal(true);
  });

  it('notices that another node answers at an address', async () => {
    const links = new FakeLinks((command, node) => {
      if (command === 'CLUSTER NODES' && portOf(node) === 7001) return nodesText(7009, [7009]);
      return healthy(command, node);
    });
    const view = await observe(links, REFS[0]!.address);
    expect(view.silences[0]!.reason).to.include('another node answers there');
  });

  it('says when the entry is no cluster node', async () => {
    const links = new FakeLinks((command, node) => {
      if (command.startsWith('CLUSTER'))
        throw replyError('ERR This instance has cluster support disabled');
      return healthy(command, node);
    });
    expect((await rejectionOf(observe(links, REFS[0]!.address))).code).to.equal('NOT_CLUSTER_NODE');
  });
});

describe('a stage', () => {
  const stage = (settled: Stage['settled'] = { kind: 'at-once' }): Stage => ({
    title: 'Testing',
    settled,
    steps: REFS.map((node) => ({ kind: 'reset', node, mode: 'soft', why: 'test' })),
  });

  it('finishes the steps beside one that fails, then fails with its error', async () => {
    const links = new FakeLinks((_, node) => {
      if (portOf(node) === 7000) throw replyError('ERR no');
      return 'OK';
    });
    const context = contextOf(links);
    expect((await rejectionOf(runStage(stage(), context))).message).to.equal('ERR no');
    expect(links.asked).to.have.length(3);
    expect(context.events.map(({ kind }) => kind)).to.have.members([
      ...['stage-started', 'step-failed', 'step-done', 'step-done'],
    ]);
  });

  it('of a failover ends at once when another replica has taken over, and names it', async () => {
    const [lost, old, winner] = [7000, 7001, 7002];
    const links = new FakeLinks((command, node) => {
      if (command !== 'CLUSTER NODES') return healthy(command, node);
      return nodesText(portOf(node), PORTS, (port, line) => {
        if (port === winner) return `${line} 0-16383`;
        return line.replace('master -', `slave ${idOf(winner)}`);
      });
    });
    const stage: Stage = {
      title: 'failover',
      steps: [{ kind: 'failover', node: refOf(lost), mode: 'graceful', why: '' }],
      settled: {
        kind: 'promoted',
        node: refOf(lost),
        from: idOf(old) as NodeId,
        slots: [{ first: 0, last: 16383 }],
        followers: [],
        witnesses: REFS,
      },
    };
    const error = await rejectionOf(runStage(stage, contextOf(links, { deadlineMs: 1_000_000 })));
    expect(error.code).to.equal('FAILOVER_FAILED');
    expect(error.message).to.equal(
      '127.0.0.1:7000 was overtaken: 127.0.0.1:7002 took over instead.',
    );
  });

  it('does not begin after an interruption', async () => {
    const links = new FakeLinks(() => 'OK');
    const failure = await rejectionOf(
      runStage(stage(), contextOf(links, { signal: AbortSignal.abort() })),
    );
    expect(failure.code).to.equal('INTERRUPTED');
    expect(links.asked).to.deep.equal([]);
  });

  it('retries REPLICATE until the replica has heard of its primary', async () => {
    let refusals = 2;
    const links = new FakeLinks(() => {
      if (refusals-- > 0) throw replyError('ERR Unknown node');
      return 'OK';
    });
    const [node, primary] = REFS as [NodeRef, NodeRef];
    await runStage(
      {
        title: 't',
        settled: { kind: 'at-once' },
        steps: [{ kind: 'replicate', node, primary, why: '' }],
      },
      contextOf(links),
    );
    expect(links.asked).to.have.length(3);
  });

  it('gives slots one by one to servers that know no ranges', async () => {
    const links = new FakeLinks((command) => {
      if (command.includes('ADDSLOTSRANGE')) throw replyError('ERR Unknown subcommand');
      return 'OK';
    });
    const step = {
      kind: 'assign-slots',
      node: REFS[0]!,
      slots: [{ first: 3, last: 5 }],
      why: '',
    } as const;
    await runStage({ title: 't', settled: { kind: 'at-once' }, steps: [step] }, contextOf(links));
    expect(links.asked.at(-1)).to.equal('127.0.0.1:7000 CLUSTER ADDSLOTS 3 4 5');
  });
});

describe('a join', () => {
  const joined = { kind: 'joined', members: REFS } as const;

  it('is over when all are linked and agree, also when the majority was behind', async () => {
    let looks = 0;
    const links = new FakeLinks((command, node) => {
      if (command !== 'CLUSTER NODES') return healthy(command, node);
      looks++;
      // In the first round all but the last node have not heard of its slot.
      const isBehind = looks <= 3 && portOf(node) !== 7002;
      return nodesText(portOf(node), PORTS, (port, line) =>
        isBehind && port === 7002 ? line.replace(/ 7002$/, '') : line,
      );
    });
    await waitSettled(joined, contextOf(links));
    expect(looks).to.equal(6);
  });

  it('that does not come about names the node, its bus port, and who misses it', async () => {
    const links = new FakeLinks((command, node) => {
      if (command !== 'CLUSTER NODES') return healthy(command, node);
      const known = portOf(node) === 7002 ? PORTS : PORTS.filter((port) => port !== 7002);
      return nodesText(portOf(node), known);
    });
    const failure = await rejectionOf(waitSettled(joined, contextOf(links, { deadlineMs: 60 })));
    expect(failure.code).to.equal('JOIN_FAILED');
    expect(failure.details['missingLinks']).to.deep.equal(
      [7000, 7001].map((from) => ({
        from: `127.0.0.1:${from}`,
        to: '127.0.0.1:7002',
        host: '127.0.0.1',
        busPort: 17_002,
        state: 'unknown',
      })),
    );
    expect(failure.hints.join('\n')).to.include('bus port 17002 of node 127.0.0.1:7002');
  });
});

describe('convergence', () => {
  it('wants every node healthy, and names the one that is not', async () => {
    const links = new FakeLinks((command, node) =>
      command === 'CLUSTER INFO' && portOf(node) === 7001
        ? 'cluster_state:fail'
        : healthy(command, node),
    );
    const failure = await rejectionOf(
      waitConverged(REFS[0]!.address, contextOf(links, { deadlineMs: 60 })),
    );
    expect(failure.code).to.equal('DEADLINE');
    expect(failure.hints[0]).to.equal('127.0.0.1:7001 says cluster_state:fail');
  });

  it('has patience with a node too busy to answer, and gives up on one that is gone', async () => {
    let looks = 0;
    const busy = new FakeLinks((command, node) => {
      if (command === 'CLUSTER NODES' && portOf(node) === 7000 && looks++ === 0) {
        throw new TribError('NO_ANSWER', '127.0.0.1:7000 did not answer');
      }
      return healthy(command, node);
    });
    const view = await waitConverged(REFS[0]!.address, contextOf(busy));
    expect(view.claims.size).to.equal(3);
    const gone = new FakeLinks(() => {
      throw new TribError('NODE_UNREACHABLE', 'connection refused');
    });
    const failure = await rejectionOf(waitConverged(REFS[0]!.address, contextOf(gone)));
    expect(failure.code).to.equal('NODE_UNREACHABLE');
  });

  it('waits for as many nodes as are asked for', async () => {
    const context = contextOf(new FakeLinks(healthy), { deadlineMs: 60 });
    expect((await waitConverged(REFS[0]!.address, context, { nodeCount: 3 })).claims.size).to.equal(
      3,
    );
    const failure = await rejectionOf(waitConverged(REFS[0]!.address, context, { nodeCount: 4 }));
    expect(failure.hints[0]).to.equal('3 of 4 nodes are there');
  });
});

describe('hurry', () => {
  it('puts back what each node had, and never writes it to the file', async () => {
    const links = new FakeLinks((command, node) =>
      command.startsWith('CONFIG GET') ? ['cluster-node-timeout', `${portOf(node)}`] : 'OK',
    );
    const { isFast, restore } = await hurry(REFS, contextOf(links));
    expect(isFast).to.equal(true);
    await restore();
    for (const port of PORTS) {
      expect(links.asked).to.include(`127.0.0.1:${port} CONFIG SET cluster-node-timeout ${port}`);
    }
    expect(links.asked.join()).to.not.include('REWRITE');
  });

  it('restores a node whose answer to the change was lost', async () => {
    const links = new FakeLinks((command) => {
      if (command.startsWith('CONFIG GET')) return ['cluster-node-timeout', '15000'];
      if (!command.endsWith('15000')) throw new TribError('NO_ANSWER', 'lost');
      return 'OK';
    });
    const { isFast, restore } = await hurry([REFS[0]!], contextOf(links));
    expect(isFast).to.equal(false);
    await restore();
    expect(links.asked.at(-1)).to.equal('127.0.0.1:7000 CONFIG SET cluster-node-timeout 15000');
  });

  it('says what to type for a node that cannot be restored', async () => {
    const links = new FakeLinks((command) => {
      if (command.startsWith('CONFIG GET')) return ['cluster-node-timeout', '15000'];
      if (command.endsWith('15000')) throw new TribError('NODE_UNREACHABLE', 'gone');
      return 'OK';
    });
    const context = contextOf(links);
    await (await hurry([REFS[0]!], context)).restore();
    const remark = context.events.find(({ kind }) => kind === 'remark');
    expect(remark)
      .to.have.property('message')
      .that.includes('CONFIG SET cluster-node-timeout 15000');
  });
});

describe('undo', () => {
  it('resets again whoever is joined again by a MEET on its way, and names who does not answer', async () => {
    const resets = new Map<string, number>();
    const links = new FakeLinks((command, node) => {
      if (portOf(node) === 7002) throw new TribError('NODE_UNREACHABLE', 'gone');
      if (command.startsWith('CLUSTER RESET')) resets.set(node, (resets.get(node) ?? 0) + 1);
      const rejoined = portOf(node) === 7001 && resets.get(node) === 1;
      return `cluster_known_nodes:${rejoined ? 2 : 1}\r\ncluster_slots_assigned:0\r\n`;
    });
    const { clean, left } = await undoCreate(REFS, contextOf(links));
    expect(clean.map(({ port }) => port)).to.deep.equal([7000, 7001]);
    expect(left.map(({ address }) => address.port)).to.deep.equal([7002]);
    expect(resets.get('127.0.0.1:7001')).to.equal(2);
    expect(resets.get('127.0.0.1:7000')).to.equal(1);
  });
});

describe('many at once', () => {
  it('keeps the order, and never more in flight than the bound', async () => {
    let inFlight = 0;
    let most = 0;
    const answers = await mapBounded([5, 4, 3, 2, 1], 2, async (item) => {
      most = Math.max(most, ++inFlight);
      await Promise.resolve();
      inFlight--;
      return item * 10;
    });
    expect(answers).to.deep.equal([50, 40, 30, 20, 10]);
    expect(most).to.equal(2);
  });

  it('introduces everybody to everybody in small clusters, and few in large ones', () => {
    // Together with the star of the plan: n(n-1)/2 pairs.
    expect(morePairs(6)).to.have.length(15 - 5);
    expect(morePairs(120)).to.have.length(118);
    for (const [a, b] of morePairs(120)) expect(a).to.not.equal(b);
  });
});

describe('asking for keys in slots of others', () => {
  it('asks each primary about every slot that is not its own, and goes on without one that refuses', async () => {
    const slotsOf: Record<number, string> = {
      7000: '0-5460',
      7001: '5461-10922',
      7002: '10923-16383',
    };
    const links = new FakeLinks((command, node) => {
      if (command === 'CLUSTER NODES') {
        return nodesText(portOf(node), PORTS, (port, line) => `${line} ${slotsOf[port]!}`);
      }
      if (command === 'INFO') {
        return `${String(healthy(command, node))}db0:keys=1,expires=0,avg_ttl=0\r\n`;
      }
      if (!command.startsWith('CLUSTER COUNTKEYSINSLOT')) return healthy(command, node);
      if (portOf(node) === 7002) throw replyError('NOPERM no');
      return command.endsWith(' 5460') ? 3 : 0;
    });
    const view = await observe(links, REFS[0]!.address);
    links.asked.length = 0;
    const [first, second, third] = await countForeignKeys(links, view);
    expect([...first!.counts]).to.deep.equal([]);
    expect([...second!.counts]).to.deep.equal([[5460, 3]]);
    expect(third!.failure).to.include('NOPERM');
    const asked = links.asked.filter((line) => line.startsWith('127.0.0.1:7001 CLUSTER '));
    expect(asked).to.have.length(16_384 - 5_462);
    expect(asked[0]).to.equal('127.0.0.1:7001 CLUSTER COUNTKEYSINSLOT 0');
  });
});
