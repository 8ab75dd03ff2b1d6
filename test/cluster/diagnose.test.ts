import { expect } from 'chai';
import { diagnose, isHealthy } from '../../src/lib/cluster/diagnose.js';
import type { Finding, FindingId } from '../../src/lib/cluster/finding.js';
import type { ClusterView } from '../../src/lib/cluster/model.js';
import { buildView } from '../../src/lib/cluster/view.js';
import {
  blankClaims,
  claimOf,
  idOf,
  syntheticNodes,
  viewOf,
  type SyntheticNode,
} from '../support/synthetic-view.js';

function only(view: ClusterView, id: FindingId): Finding {
  const found = diagnose(view).filter((finding) => finding.id === id);
  expect(found, `${id} among ${idsOf(view).join(', ')}`).to.have.length(1);
  return found[0]!;
}

const idsOf = (view: ClusterView) => diagnose(view).map(({ id }) => id);

function changed(change: (nodes: SyntheticNode[]) => void, nodes = 6): ClusterView {
  const all = syntheticNodes({ nodes });
  change(all);
  return viewOf(all);
}

describe('diagnose', () => {
  it('finds nothing in a healthy cluster', () => {
    expect(diagnose(viewOf(syntheticNodes()))).to.deep.equal([]);
    expect(diagnose(viewOf(syntheticNodes({ nodes: 30, replicas: 2 })))).to.deep.equal([]);
  });

  it('says which nodes tell another story about slots, and which story', () => {
    const nodes = syntheticNodes();
    const view = viewOf(nodes, (text, speaker) =>
      speaker === 4 ? text.replace('0-5460', '0-5000') : text,
    );
    const finding = only(view, 'views-differ');
    expect(finding.severity).to.equal('error');
    expect(finding.nodes).to.deep.equal([idOf(4)]);
    expect(finding.evidence).to.deep.equal([
      '10.0.0.5:7004: says a0000000 10.0.0.1:7000 has slots 0-5000; the others say it has slots 0-5460',
    ]);
  });

  it('notices a member that one node does not know', () => {
    const nodes = syntheticNodes();
    const view = viewOf(nodes, (text, speaker) =>
      speaker === 1 ? text.replace(new RegExp(`^${idOf(5)}.*\\n`, 'm'), '') : text,
    );
    expect(only(view, 'views-differ').evidence[0]).to.contain('is no member');
  });

  it('notices different opinions on who replicates whom', () => {
    const view = viewOf(syntheticNodes(), (text, speaker) =>
      speaker === 2 ? text.replace(`slave ${idOf(0)}`, `slave ${idOf(1)}`) : text,
    );
    expect(only(view, 'views-differ').evidence[0]).to.contain('replicates a0010000');
  });

  it('lists slots that belong to nobody', () => {
    const finding = only(
      changed((nodes) => (nodes[0]!.slots = '0-99 102-5460')),
      'slot-uncovered',
    );
    expect(finding.subject).to.equal('100-101');
    expect(finding.slots).to.deep.equal([{ first: 100, last: 101 }]);
  });

  it('names every claimant of a contested slot with its epoch', () => {
    const view = viewOf(syntheticNodes(), (text, speaker) =>
      speaker === 1 ? text.replace('5461-10922', '5460-10922') : text,
    );
    const finding = only(view, 'slot-multiple-owners');
    expect(finding.slots).to.deep.equal([{ first: 5460, last: 5460 }]);
    expect(finding.nodes).to.deep.equal([idOf(0), idOf(1)]);
    expect(finding.evidence[1]).to.equal('10.0.0.2:7001 claims them with config epoch 2');
  });

  it('sees open slots, also on a replica', () => {
    const view = changed((nodes) => {
      nodes[0]!.open = `[7->-${idOf(1)}] [9->-${idOf(1)}]`;
      nodes[4]!.open = `[7-<-${idOf(0)}]`;
    });
    const open = diagnose(view).filter(({ id }) => id === 'slot-open');
    expect(open.map(({ nodes }) => nodes)).to.deep.equal([[idOf(0)], [idOf(4)]]);
    expect(open[0]!.evidence).to.deep.equal(['migrating to a0010000 10.0.0.2:7001: 7,9']);
    expect(open[1]!.message).to.contain('a replica');
  });

  it('tells a dead node from a silent one', () => {
    const dead = changed((nodes) => {
      nodes[4]!.flags = 'fail';
      nodes[4]!.silent = 'connect ECONNREFUSED';
    });
    const finding = only(dead, 'node-failed');
    expect(finding.evidence.join()).to.contain('5 of 5').and.to.contain('ECONNREFUSED');
    expect(idsOf(dead)).not.to.include('node-unreachable');
    const silent = changed((nodes) => (nodes[4]!.silent = 'no answer within 2000 ms'));
    expect(only(silent, 'node-unreachable').evidence.join()).to.contain('within 2000 ms');
  });

  it('counts slots of a dead primary as not served, and names the replica to promote', () => {
    const view = changed((nodes) => {
      nodes[1]!.flags = 'fail';
      nodes[1]!.silent = 'gone';
    });
    const finding = only(view, 'slot-owner-down');
    expect(finding.subject).to.equal('5461-10922');
    expect(finding.cure).to.deep.equal(['trib failover 10.0.0.5:7004 --force']);
  });

  it('reports a node that answers although others hold it for dead', () => {
    const view = changed((nodes) => (nodes[3]!.flags = 'fail'));
    expect(only(view, 'node-failed').message).to.contain('although it answers');
    const suspected = changed((nodes) => (nodes[3]!.flags = 'fail?'));
    expect(only(suspected, 'node-pfail').severity).to.equal('warning');
  });

  it('recognises ghosts: without an address, or known to some only', () => {
    const ghost = `${idOf(77)} :0@0 slave,noaddr ${idOf(0)} 1 1 3 disconnected\n`;
    const everywhere = viewOf(syntheticNodes(), (text) => text + ghost);
    expect(only(everywhere, 'ghost-node').evidence).to.deep.equal(['listed with the flag noaddr']);
    const half = `${idOf(78)} 10.9.9.9:1@2 slave,fail ${idOf(0)} 1 1 3 disconnected\n`;
    const some = viewOf(syntheticNodes(), (text, at) => (at < 2 ? text + half : text));
    expect(only(some, 'ghost-node').message).to.contain('2 of 6 nodes only');
    expect(only(some, 'ghost-node').cure[0]).to.equal(`trib forget 10.0.0.1:7000 ${idOf(78)}`);
    expect(idsOf(some)).not.to.include('views-differ');
  });

  it('groups handshakes by address, since their ids change', () => {
    const view = viewOf(
      syntheticNodes(),
      (text, at) => `${text}${idOf(90 + at)} 10.8.8.8:7000@17000 handshake - 0 0 0 disconnected\n`,
    );
    const finding = only(view, 'handshake-lasting');
    expect(finding.subject).to.equal('10.8.8.8:7000');
    expect(finding.evidence).to.have.length(6);
    expect(idsOf(view)).to.deep.equal(['handshake-lasting']);
  });

  it('flags a stranger at the address of a member, as after a reused address', () => {
    const nodes = syntheticNodes();
    const [stranger] = blankClaims([{ host: '10.0.0.6' }]);
    const view = viewOf(nodes);
    const claims = [...view.claims.values()].slice(0, 5);
    const other = { ...stranger!, self: { ...stranger!.self, id: idOf(500) } };
    const expected = { id: idOf(5), address: { host: '10.0.0.6', port: 7005 }, reason: 'x' };
    const finding = only(buildView(claims, [{ ...expected, stranger: other }]), 'foreign-members');
    expect(finding.message).to.equal('The node at 10.0.0.6:7005 is a1f40000, not a0050000.');
  });

  it('flags an answering node that no member knows', () => {
    const nodes = syntheticNodes();
    const view = viewOf(nodes);
    const strange = syntheticNodes({ nodes: 3, replicas: 0, hostOf: () => '10.7.7.7' });
    strange.forEach((node, index) => (node.id = idOf(600 + index)));
    const joined = buildView([...view.claims.values(), claimOf(strange, 0)]);
    const finding = only(joined, 'foreign-members');
    expect(finding.evidence).to.deep.equal([
      'it knows 2 other nodes: it belongs to another cluster',
    ]);
  });

  it('names the two ends of a link that is down', () => {
    const view = viewOf(syntheticNodes(), (text, at) =>
      at === 0 ? text.replace(/(10\.0\.0\.6:.*) connected/, '$1 disconnected') : text,
    );
    expect(only(view, 'link-down').evidence).to.deep.equal([
      '10.0.0.1:7000 has no link to 10.0.0.6:7005 (bus port 17005)',
    ]);
  });

  it('passes on that nodes refuse to serve', () => {
    const finding = only(
      changed((nodes) => nodes.forEach((node) => (node.info['cluster_state'] = 'fail'))),
      'cluster-state-fail',
    );
    expect(finding.subject).to.equal('cluster');
  });

  it('finds replicas that follow badly', () => {
    const unsynced = changed((nodes) => (nodes[3]!.info['master_link_status'] = 'down'));
    expect(only(unsynced, 'replica-unsynced').subject).to.equal('10.0.0.4:7003');
    const chained = changed((nodes) => (nodes[3]!.primary = 4));
    expect(only(chained, 'replica-of-replica').cure).to.deep.equal([
      `trib call --here 10.0.0.4:7003 CLUSTER REPLICATE ${idOf(1)}`,
      'trib fix 10.0.0.1:7000 --only replica-of-replica',
    ]);
    const orphan = viewOf(syntheticNodes(), (text) =>
      text.replace(`slave ${idOf(0)}`, `slave ${idOf(99)}`),
    );
    expect(only(orphan, 'replica-of-unknown').severity).to.equal('warning');
  });

  it('warns of a primary whose only replica is gone', () => {
    const view = changed((nodes) => {
      nodes[3]!.flags = 'fail';
      nodes[3]!.silent = 'gone';
    });
    expect(only(view, 'primary-without-replica').subject).to.equal('10.0.0.1:7000');
  });

  it('warns of equal epochs, versions and timeouts that are not the same everywhere', () => {
    const view = changed((nodes) => {
      nodes[2]!.epoch = nodes[5]!.epoch = 1;
      nodes[4]!.info['redis_version'] = '7.2.4';
      nodes[5]!.nodeTimeoutMs = 1000;
    });
    expect(only(view, 'epoch-collision').nodes).to.deep.equal([idOf(0), idOf(2)]);
    expect(only(view, 'versions-mixed').evidence).to.deep.equal([
      'redis 7.0.15: 10.0.0.1:7000, 10.0.0.2:7001, 10.0.0.3:7002, 10.0.0.4:7003 and 1 more',
      'redis 7.2.4: 10.0.0.5:7004',
    ]);
    const timeouts = only(view, 'node-timeouts-unequal');
    expect(timeouts.cure).to.deep.equal(['trib set-timeout 10.0.0.1:7000 15000']);
    expect(timeouts.nodes).to.deep.equal([idOf(5)]);
  });

  it('warns of a node timeout so low that only a create that was killed can have left it', () => {
    const view = changed((nodes) => {
      for (const node of nodes) node.nodeTimeoutMs = 300;
    });
    const low = only(view, 'node-timeout-low');
    expect(low.severity).to.equal('warning');
    expect(low.nodes).to.have.length(6);
    expect(low.cure).to.deep.equal(['trib set-timeout 10.0.0.1:7000 15000']);
    const chosen = changed((nodes) => {
      for (const node of nodes) node.nodeTimeoutMs = 1000;
    });
    expect(diagnose(chosen).map(({ id }) => id)).not.to.contain('node-timeout-low');
  });

  it('takes loopback addresses as information on one host, as a warning between hosts', () => {
    const oneHost = viewOf(syntheticNodes({ hostOf: () => '127.0.0.1' }));
    expect(only(oneHost, 'loopback-announced').severity).to.equal('info');
    expect(only(oneHost, 'replica-on-primary-host').severity).to.equal('info');
    expect(isHealthy(diagnose(oneHost), { strict: true })).to.equal(true);
    const mixed = changed((nodes) => (nodes[0]!.host = '127.0.0.1'));
    expect(only(mixed, 'loopback-announced').severity).to.equal('warning');
  });

  it('reports an announced address that is not the one used here', () => {
    const nodes = syntheticNodes();
    const view = viewOf(nodes);
    const [entry, ...rest] = [...view.claims.values()];
    const seen = buildView([{ ...entry!, reachedAt: { host: 'localhost', port: 9000 } }, ...rest]);
    expect(only(seen, 'announced-address-differs').message).to.equal(
      'localhost:9000 is announced to clients and nodes as 10.0.0.1:7000.',
    );
  });

  it('warns of too few primaries and of replicas beside their primaries', () => {
    expect(idsOf(viewOf(syntheticNodes({ nodes: 4 })))).to.include('few-primaries');
    const view = viewOf(syntheticNodes({ hostOf: (index) => `10.0.0.${(index % 3) + 1}` }));
    const shared = diagnose(view).filter(({ id }) => id === 'replica-on-primary-host');
    expect(shared.map(({ severity }) => severity)).to.deep.equal(['warning', 'warning', 'warning']);
  });

  it('puts errors first, and fails on warnings only when strict', () => {
    const view = changed((nodes) => {
      nodes[3]!.info['master_link_status'] = 'down';
      nodes[0]!.slots = '1-5460';
    });
    expect(diagnose(view).map(({ severity }) => severity)).to.deep.equal(['error', 'warning']);
    const warned = diagnose(changed((nodes) => (nodes[3]!.info['master_link_status'] = 'down')));
    expect(isHealthy(warned)).to.equal(true);
    expect(isHealthy(warned, { strict: true })).to.equal(false);
  });

  it('finds keys that lie in a slot of another node, and says whose slot it is', () => {
    const view = viewOf(syntheticNodes());
    const counts = new Map([
      [7, 2],
      [8, 1],
    ]);
    const [found] = diagnose(view, [
      { id: idOf(0), counts: new Map() },
      { id: idOf(1), counts },
    ]);
    expect(found).to.deep.include({
      id: 'keys-in-foreign-slot',
      severity: 'error',
      subject: '7-8',
      message: '10.0.0.2:7001 has 3 keys of 2 slots that it does not own.',
      evidence: [
        '2 keys of slot 7, which belongs to a0000000 10.0.0.1:7000',
        '1 key of slot 8, which belongs to a0000000 10.0.0.1:7000',
      ],
      nodes: [idOf(1)],
    });
  });

  it('says so when a node does not tell what keys it has', () => {
    const view = viewOf(syntheticNodes());
    const [found] = diagnose(view, [{ id: idOf(1), counts: new Map(), failure: 'NOPERM' }]);
    expect(found).to.deep.include({ id: 'keys-in-foreign-slot', severity: 'warning' });
    expect(found!.evidence).to.deep.equal(['NOPERM']);
  });

  it('tells of a primary that lost its slots, and not of one that was just added', () => {
    const idle = (epoch: number) =>
      changed((nodes) => {
        nodes.push({ ...nodes[0]!, id: idOf(9), port: 7009, slots: '', epoch });
      });
    expect(idsOf(idle(0))).to.deep.equal([]);
    const found = only(idle(12), 'primary-without-slots');
    expect(found.severity).to.equal('info');
    expect(found.subject).to.equal('10.0.0.1:7009');
  });

  it('gives evidence and a cure with every finding that is not mere information', () => {
    const view = changed((nodes) => {
      nodes[0]!.slots = '1-5461';
      nodes[1]!.silent = 'gone';
      nodes[2]!.open = `[12000->-${idOf(0)}]`;
      nodes[3]!.info['master_link_status'] = 'down';
      nodes[4]!.flags = 'fail?';
      nodes[5]!.nodeTimeoutMs = 1;
    });
    for (const { id, severity, cure, message } of diagnose(view)) {
      if (severity !== 'info') expect(cure, id).not.to.be.empty;
      expect(message, id).to.match(/^\S.*\.$/);
    }
  });

  it('shortens evidence that would fill screens', () => {
    const nodes = syntheticNodes({ nodes: 60 });
    const view = viewOf(nodes, (text, at) =>
      at >= 30 ? text.replaceAll(' connected', ' disconnected') : text,
    );
    const { message, evidence } = only(view, 'link-down');
    expect(message).to.contain('1770 bus links');
    expect(evidence).to.have.length(8);
    expect(evidence[7]).to.equal('and 1763 more');
  });
});
