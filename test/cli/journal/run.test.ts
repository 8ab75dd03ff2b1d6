/** Who may move slots, with whom in the way, and what is left behind: on a cluster of embedded nodes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { withRun, type RunWish } from '../../../src/lib/cli/journal/run.js';
import { cutOffRun } from '../../../src/lib/cli/journal/find-run.js';
import { outcomeOf } from '../../../src/lib/cli/journal/log.js';
import { setMarker } from '../../../src/lib/cli/journal/marker.js';
import { newRunId } from '../../../src/lib/cli/journal/run-id.js';
import { JournalStore } from '../../../src/lib/cli/journal/store.js';
import type { Session } from '../../../src/lib/cli/cluster-command.js';
import { RedisLinks } from '../../../src/lib/client/redis-links.js';
import { addressFrom } from '../../../src/lib/cluster/address.js';
import { fingerprint } from '../../../src/lib/cluster/fingerprint.js';
import type { ClusterView } from '../../../src/lib/cluster/model.js';
import { pictureOf } from '../../../src/lib/cluster/picture.js';
import { membersOf } from '../../../src/lib/cluster/view.js';
import type { ExecutionEvent } from '../../../src/lib/execute/events.js';
import { observe } from '../../../src/lib/execute/observe.js';
import { runPlan } from '../../../src/lib/execute/run-plan.js';
import { TribError } from '../../../src/lib/kernel/errors.js';
import { refOfMember } from '../../../src/lib/plan/node-ref.js';
import type { Plan } from '../../../src/lib/plan/plan.js';
import { startCluster, type Cluster } from '../../../src/testing.js';
import { rejectionOf, thrownBy } from '../../support/thrown-by.js';

describe('withRun', function () {
  this.timeout(30_000);
  let cluster: Cluster;
  let folder: string;
  const before_ = process.env['XDG_STATE_HOME'];
  const sessions: RedisLinks[] = [];
  const events: ExecutionEvent[] = [];
  before(async () => {
    cluster = await startCluster({ replicasPerPrimary: 0 });
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trib-run-'));
    process.env['XDG_STATE_HOME'] = folder;
    events.length = 0;
  });
  afterEach(() => {
    for (const links of sessions.splice(0)) links.closeAll();
    rmSync(folder, { recursive: true, force: true });
    if (before_ === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = before_;
  });
  after(() => cluster.stop());

  function session(): Session {
    const links = new RedisLinks();
    sessions.push(links);
    return {
      links,
      connection: { password: 'hush', callDeadlineMs: 5_000 },
      context: {
        links,
        deadlineMs: 5_000,
        report: (event) => events.push(event),
        announce: (address) => Promise.resolve(address),
      },
    };
  }

  const look = (): Promise<ClusterView> => {
    const { links } = session();
    return observe(links, addressFrom(cluster.addresses[0]!));
  };

  /** A step that changes nothing that matters. */
  function planFor(view: ClusterView): Plan {
    const node = refOfMember(membersOf(view)[0]!);
    const [name, value] = ['cluster-node-timeout', '5000'];
    return {
      command: 'reshard',
      fingerprint: fingerprint(view),
      stages: [
        {
          title: 'Testing',
          steps: [{ kind: 'set-config', node, name, value, rewrite: false, why: 'of a test' }],
          settled: { kind: 'at-once' },
        },
      ],
      remarks: [],
    };
  }

  async function wish(more: Partial<RunWish> = {}): Promise<RunWish> {
    const view = await look();
    return { plan: planFor(view), view, ...more };
  }

  const runs = (view: ClusterView) => new JournalStore().runsOf(pictureOf(view));

  it('gives the work a journal and the login, and ends the journal with it', async () => {
    const asked = await wish({ moving: { windowSlots: 3 } });
    await withRun(session(), asked, async ({ context }) => {
      expect(context.moving).to.deep.include({ windowSlots: 3, replace: false });
      expect(context.moving!.login).to.deep.equal({ username: undefined, password: 'hush' });
      await runPlan(asked.plan, context);
    });
    const [run] = runs(asked.view);
    expect(outcomeOf(run!.log)).to.equal('done');
    expect(run!.log.entries[0]).to.deep.equal({ kind: 'step-done', stage: 0, step: 0 });
    expect(JSON.stringify(run!.log)).to.not.include('hush');
  });

  it('says how to go on when the work fails, and only if something was begun', async () => {
    const asked = await wish();
    const fails = (begin: boolean) =>
      rejectionOf(
        withRun(session(), asked, async ({ context }) => {
          if (begin) await runPlan(asked.plan, context);
          throw new TribError('INTERRUPTED', 'Interrupted: in the middle.', { hint: 'a hint' });
        }),
      );
    const idle = await fails(false);
    expect(idle.hints).to.deep.equal(['a hint']);
    expect(outcomeOf(runs(asked.view)[0]!.log)).to.equal('nothing');
    const cut = await fails(true);
    expect(cut.code).to.equal('INTERRUPTED');
    expect(cut.hints.join('\n')).to.include(`trib resume ${cluster.addresses[0]!}`);
    expect(outcomeOf(runs(asked.view)[0]!.log)).to.equal('interrupted');
  });

  it('does not pass over a journal that is damaged, unless another run has ended since', async () => {
    const asked = await wish();
    const failing = withRun(session(), asked, async ({ context }) => {
      await runPlan(asked.plan, context);
      throw new TribError('INTERRUPTED', 'Interrupted: in the middle.');
    });
    await rejectionOf(failing);
    const { path } = cutOffRun(asked.view)!;
    writeFileSync(path, readFileSync(path, 'utf8').replace('Testing', 'Testinh'));
    const error = thrownBy(() => cutOffRun(asked.view));
    expect(error.code).to.equal('CORRUPT_FILE');
    expect(error.message).to.include(path);
    // What a full disk, or a power cut before anything was begun, leaves.
    writeFileSync(path, readFileSync(path).subarray(0, 500));
    expect(cutOffRun(asked.view)).to.equal(undefined);
    await withRun(session(), asked, () => Promise.resolve());
    expect(cutOffRun(asked.view)).to.equal(undefined);
  });

  it('refuses a plan for a cluster that has changed, and says what has', async () => {
    const asked = await wish();
    const members = pictureOf(asked.view).members.slice(1);
    const old = { ...asked.plan, fingerprint: '0' };
    expect(members).to.have.length(2);
    const error = await rejectionOf(
      withRun(session(), { ...asked, plan: old }, () => Promise.resolve()),
    );
    expect(error.code).to.equal('PLAN_STALE');
    expect(runs(asked.view)).to.deep.equal([]);
  });

  it('lets a second one of this machine not begin, and names the first', async () => {
    const asked = await wish();
    await withRun(session(), asked, async () => {
      const error = await rejectionOf(withRun(session(), asked, () => Promise.resolve()));
      expect(error.code).to.equal('ANOTHER_RUN');
      expect(error.message).to.match(
        new RegExp(`trib reshard, process ${process.pid}, since \\d{4}-.*Z\\.$`),
      );
    });
    await withRun(session(), asked, () => Promise.resolve());
  });

  it('lets a second one of another machine not begin, whatever its clock says', async () => {
    const asked = await wish();
    await withRun(session(), asked, async () => {
      process.env['XDG_STATE_HOME'] = join(folder, 'another machine');
      const error = await rejectionOf(withRun(session(), asked, () => Promise.resolve()));
      expect(error.code).to.equal('ANOTHER_RUN');
      expect(error.message).to.include('trib reshard');
      expect(error.hints.join('\n')).to.match(/CLIENT KILL ID \d+/);
      const primaries = membersOf(asked.view).map(({ address }) => address);
      const slow = { command: 'fix', id: newRunId(new Date(0)), primaries };
      const early = await rejectionOf(setMarker(slow, session().context));
      expect(early.code).to.equal('ANOTHER_RUN');
      process.env['XDG_STATE_HOME'] = folder;
    });
    await withRun(session(), asked, () => Promise.resolve());
  });

  it('lets of two that begin at once exactly one go on', async () => {
    const asked = await wish();
    for (let round = 0; round < 5; round++) {
      let atWork = 0;
      let most = 0;
      const outcomes = await Promise.allSettled(
        ['a', 'b', 'c'].map((machine) => {
          process.env['XDG_STATE_HOME'] = join(folder, machine);
          return withRun(session(), asked, async () => {
            most = Math.max(most, ++atWork);
            await new Promise((resolve) => setImmediate(resolve));
            atWork--;
          });
        }),
      );
      expect(most).to.equal(1);
      const done = outcomes.filter(({ status }) => status === 'fulfilled');
      expect(done.length).to.be.at.least(1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected')
          expect(outcome.reason).to.include({ code: 'ANOTHER_RUN' });
    }
  });

  it('refuses slots that are open already, but for those who close them', async () => {
    const view = await look();
    const [a, b] = membersOf(view);
    const { links } = session();
    await links.to(b!.address).call(['CLUSTER', 'SETSLOT', 3, 'IMPORTING', a!.id]);
    try {
      const asked = await wish();
      const error = await rejectionOf(withRun(session(), asked, () => Promise.resolve()));
      expect(error.code).to.equal('REFUSED');
      expect(error.message).to.include('Slots 3 are open');
      await withRun(session(), { ...asked, takesOpenSlots: true }, () => Promise.resolve());
    } finally {
      await links.to(b!.address).call(['CLUSTER', 'SETSLOT', 3, 'STABLE']);
    }
  });
});
