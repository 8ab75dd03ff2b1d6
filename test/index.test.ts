import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import * as trib from '../src/index.js';

const idOf = (digit: number): string => String(digit).repeat(40);

/** Three primaries, as node `teller` tells it; `slots` of the third may be left out. */
function claimOf(teller: number, isCovered: boolean): trib.Claim {
  const ranges = ['0-5460', '5461-10922', isCovered ? '10923-16383' : ''];
  const lines = ranges.map((slots, index) => {
    const flags = index === teller ? 'myself,master' : 'master';
    return `${idOf(index + 1)} 10.0.0.${index + 1}:6379@16379 ${flags} - 0 0 ${index + 1} connected ${slots}`;
  });
  const parsed = trib.parseClusterNodes(`${lines.join('\n').trim()}\n`);
  if (!parsed.ok) throw new Error(parsed.error);
  const info = 'redis_version:7.0.15\r\ncluster_enabled:1\r\nrole:master\r\n';
  const clusterInfo = `cluster_state:${isCovered ? 'ok' : 'fail'}\r\n`;
  const at = { host: `10.0.0.${teller + 1}`, port: 6379 };
  return trib.makeClaim(at, parsed.value, trib.parseFacts({ info, clusterInfo }));
}

describe("import 'trib'", () => {
  it('turns replies into a view and a view into findings', () => {
    const findingsOf = (isCovered: boolean): readonly trib.Finding[] =>
      trib.diagnose(trib.buildView([0, 1, 2].map((teller) => claimOf(teller, isCovered))));
    expect(trib.isHealthy(findingsOf(true))).to.equal(true);
    expect(trib.isHealthy(findingsOf(false))).to.equal(false);
    expect(findingsOf(false).map(({ id }) => id)).to.include('slot-uncovered');
  });

  it('plans, and shows the cluster after the plan', () => {
    const view = trib.buildView([0, 1, 2].map((teller) => claimOf(teller, true)));
    const plan = trib.planSetTimeout(view, 5_000);
    expect(plan.stages.flatMap(({ steps }) => steps)).to.have.lengthOf(3);
    const after = trib.project(view, plan);
    const timeouts = [...after.claims.values()].map(({ facts }) => facts.nodeTimeoutMs);
    expect(timeouts).to.deep.equal([5_000, 5_000, 5_000]);
  });

  it('loads nothing from outside but the hash function of Node', () => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'pipe' });
    const text = readFileSync(`${root}/dist/index.js`, 'utf8');
    const loaded = text.match(/(?<=\bfrom )"[^"]+"|\brequire\(|\bimport\(/g);
    expect(loaded).to.deep.equal(['"node:crypto"']);
  });
});
