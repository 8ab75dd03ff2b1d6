/**
 * One process per size, so that its highest memory is its own: parses the replies of N nodes of N lines
 * each, then diagnoses and plans everything there is to plan. Prints one line of JSON.
 *
 * The replies are as real ones: other ping times on every line, a hundredth of the nodes dead, and some
 * nodes who have not heard of the last change, so that there is something to find.
 */
import { diagnose } from '../../src/lib/cluster/diagnose.js';
import { parseFacts } from '../../src/lib/cluster/facts.js';
import type { Claim, ClusterView, NodeAddress } from '../../src/lib/cluster/model.js';
import { RecordPool, parseClusterNodes } from '../../src/lib/cluster/nodes-reply.js';
import { buildView, makeClaim } from '../../src/lib/cluster/view.js';
import { allocateSlots, planCreate } from '../../src/lib/plan/plan-create.js';
import { planAddNode } from '../../src/lib/plan/plan-add-node.js';
import { planFailover } from '../../src/lib/plan/plan-failover.js';
import { failedMembers, planDelNode, planForget } from '../../src/lib/plan/plan-removal.js';
import { planReset } from '../../src/lib/plan/plan-reset.js';
import { planSetTimeout } from '../../src/lib/plan/plan-set-timeout.js';
import { project } from '../../src/lib/plan/project.js';

const size = Number(process.argv[2]);
const primaries = size / 2;
const ranges = allocateSlots(primaries);

const idOf = (index: number): string => index.toString(16).padStart(40, '0');
const addressOf = (index: number): NodeAddress => ({
  host: `10.0.${index >> 8}.${index & 255}`,
  port: 6379,
});
const isDead = (index: number): boolean => index % 100 === 99;
const isReplica = (index: number): boolean => index >= primaries;

function lineOf(index: number, teller: number): string {
  const { host, port } = addressOf(index);
  const role = isReplica(index) ? 'slave' : 'master';
  const flags = `${index === teller ? 'myself,' : ''}${role}${isDead(index) ? ',fail' : ''}`;
  const primary = isReplica(index) ? idOf(index - primaries) : '-';
  // One node in fifty has not heard of the latest epoch of its neighbour.
  const epoch = (index % primaries) + 1 + (teller % 50 === 7 && index === teller - 1 ? 5000 : 0);
  const link = isDead(index) ? 'disconnected' : 'connected';
  const slots = ranges[index];
  const owned = slots === undefined ? '' : ` ${slots.first}-${slots.last}`;
  return `${idOf(index)} ${host}:${port}@16379 ${flags} ${primary} 0 ${17e11 + teller * 31 + index} ${epoch} ${link}${owned}`;
}

function claimOf(teller: number, pool: RecordPool): Claim {
  const text = Array.from({ length: size }, (_, index) => lineOf(index, teller)).join('\n');
  const parsed = parseClusterNodes(`${text}\n`, pool);
  if (!parsed.ok) throw new Error(parsed.error);
  return makeClaim(addressOf(teller), parsed.value, factsOf(isReplica(teller)));
}

function factsOf(isFollower: boolean): Claim['facts'] {
  const role = isFollower
    ? 'role:slave\r\nmaster_link_status:up\r\nslave_repl_offset:1000\r\n'
    : 'role:master\r\nmaster_repl_offset:1000\r\n';
  return parseFacts({
    info: `redis_version:7.0.15\r\ncluster_enabled:1\r\n${role}`,
    clusterInfo: `cluster_state:ok\r\ncluster_current_epoch:${size}\r\n`,
    nodeTimeoutMs: 15_000,
  });
}

function blankClaim(index: number): Claim {
  const { host, port } = addressOf(index);
  const line = `${idOf(index)} ${host}:${port}@16379 myself,master - 0 0 0 connected\n`;
  const parsed = parseClusterNodes(line);
  if (!parsed.ok) throw new Error(parsed.error);
  return makeClaim(addressOf(index), parsed.value, factsOf(false));
}

function planEverything(view: ClusterView): Record<string, number> {
  const times: Record<string, number> = {};
  const timed = <T>(name: string, work: () => T): T => {
    const startedAt = performance.now();
    const result = work();
    times[name] = performance.now() - startedAt;
    return result;
  };
  const replica = [...view.claims.values()].find(({ self }) => self.flags.has('slave'))!;
  const newcomer = blankClaim(size);
  const blanks = Array.from({ length: size }, (_, index) => blankClaim(index));
  timed('diagnose', () => diagnose(view));
  timed('create', () => planCreate(blanks, { replicas: 1 }));
  const added = timed('add-node', () => planAddNode(view, newcomer, { asReplica: true }));
  timed('project', () => project(view, added.plan, [newcomer]));
  timed('del-node', () => planDelNode(view, replica.self.id, { reset: 'soft', shutdown: false }));
  timed('forget', () =>
    planForget(
      view,
      failedMembers(view).map(({ id }) => id),
      { accept: true },
    ),
  );
  timed('failover', () => planFailover(view, replica.self.id, { mode: 'graceful' }));
  timed('reset', () => planReset([...view.claims.values()], { mode: 'soft', flush: true }));
  timed('set-timeout', () => planSetTimeout(view, 5_000));
  return times;
}

const parseStartedAt = performance.now();
const pool = new RecordPool();
const living = Array.from({ length: size }, (_, index) => index).filter((index) => !isDead(index));
const claims = living.map((index) => claimOf(index, pool));
const silences = Array.from({ length: size }, (_, index) => index)
  .filter(isDead)
  .map((index) => ({ id: undefined, address: addressOf(index), reason: 'connection refused' }));
const view = buildView(claims, silences);
const parseMs = performance.now() - parseStartedAt;
const planMs = planEverything(view);
const peakMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ size, parseMs, planMs, peakMb })}\n`);
