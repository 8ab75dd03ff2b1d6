/** What real servers answer, through the same parsers and the same diagnosis. */
import { expect } from 'chai';
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import { parseFacts } from '../../src/lib/cluster/facts.js';
import type { Claim } from '../../src/lib/cluster/model.js';
import { parseClusterNodes } from '../../src/lib/cluster/nodes-reply.js';
import { buildView, makeClaim } from '../../src/lib/cluster/view.js';
import { planCreate } from '../../src/lib/plan/plan-create.js';
import type { Plan } from '../../src/lib/plan/plan.js';
import {
  hasRedisServer,
  redisCli,
  startRealServer,
  type RealServer,
} from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';

function ask({ host, port }: RealServer): Claim {
  const reply = parseClusterNodes(redisCli(port, 'CLUSTER', 'NODES'));
  if (!reply.ok) throw new Error(reply.error);
  const facts = parseFacts({
    info: redisCli(port, 'INFO'),
    clusterInfo: redisCli(port, 'CLUSTER', 'INFO'),
    nodeTimeoutMs: Number(redisCli(port, 'CONFIG', 'GET', 'cluster-node-timeout').split('\n')[1]),
  });
  return makeClaim({ host, port }, reply.value, facts);
}

/** Carries out the steps of a create with redis-cli: the plan alone must be enough to make a cluster. */
async function carryOut(plan: Plan, settled: (kind: string) => Promise<void>): Promise<void> {
  for (const stage of plan.stages) {
    for (const step of stage.steps) {
      const { port } = step.node.address;
      if (step.kind === 'assign-slots') {
        const { first, last } = step.slots[0]!;
        redisCli(port, 'CLUSTER', 'ADDSLOTSRANGE', String(first), String(last));
      } else if (step.kind === 'set-config-epoch') {
        redisCli(port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(step.epoch));
      } else if (step.kind === 'meet') {
        const { host, port: target } = step.target.address;
        redisCli(port, 'CLUSTER', 'MEET', host, String(target));
      } else if (step.kind === 'replicate') {
        redisCli(port, 'CLUSTER', 'REPLICATE', step.primary.id);
      }
    }
    await settled(stage.settled.kind);
  }
}

describe('a view of real servers', function () {
  this.timeout(60_000);
  let servers: RealServer[] = [];

  before(function () {
    if (!hasRedisServer()) this.skip();
  });

  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    servers = [];
  });

  it('is planned from blank nodes, comes true, diagnoses clean, and is recognised', async () => {
    servers = await Promise.all(
      Array.from({ length: 4 }, () => startRealServer({ nodeTimeoutMs: 1000 })),
    );
    const blank = servers.map(ask);
    const wish = { replicas: 1, acceptFewPrimaries: true };
    const decision = planCreate(blank, wish);
    expect(decision.kind).to.equal('create');
    await carryOut(decision.plan, async (kind) => {
      if (kind !== 'joined') return;
      await waitUntil('all nodes know each other', () =>
        servers.map(ask).every(({ records }) => {
          const known = [...records.values()];
          return known.length === 4 && known.every(({ flags }) => !flags.has('handshake'));
        }),
      );
    });
    const look = () => buildView(servers.map(ask));
    await waitUntil('nothing but information is left to say', () => {
      const severities = diagnose(look()).filter(({ id }) => id !== 'few-primaries');
      return severities.every(({ severity }) => severity === 'info');
    });
    expect(planCreate(servers.map(ask), wish).kind).to.equal('already-created');
    servers[3]!.signal('SIGSTOP');
    const rest = servers.slice(0, 3);
    await waitUntil('the others hold the stopped node for dead', () =>
      diagnose(buildView(rest.map(ask))).some(({ id }) => id === 'node-failed'),
    );
  });
});
