import { expect } from 'chai';
import { selectNode } from '../../src/lib/cluster/select-node.js';
import { idOf, syntheticNodes, viewOf } from '../support/synthetic-view.js';
import { thrownBy } from '../support/thrown-by.js';

describe('selecting a node', () => {
  const nodes = syntheticNodes();
  const view = viewOf(nodes, (text) =>
    text.replaceAll('10.0.0.3:7002@17002', '10.0.0.3:7002@17002,redis-three'),
  );
  const select = (text: string) => selectNode(view, text).id;

  it('takes a full id, a unique prefix, an address, a host', () => {
    expect(select(idOf(2))).to.equal(idOf(2));
    expect(select('a002')).to.equal(idOf(2));
    expect(select('A002')).to.equal(idOf(2));
    expect(select('10.0.0.3:7002')).to.equal(idOf(2));
    expect(select('10.0.0.3')).to.equal(idOf(2));
    expect(select('redis-three')).to.equal(idOf(2));
    expect(select('redis-three:7002')).to.equal(idOf(2));
  });

  it('refuses the beginning of an id that is too short to be meant, even if only one fits', () => {
    for (const text of ['a', 'a0', 'a00']) {
      const error = thrownBy(() => selectNode(view, text));
      expect(error.code).to.equal('AMBIGUOUS_NODE');
      expect(error.message).to.include('too short');
    }
    const nodes = syntheticNodes();
    nodes[2]!.id = `fff${'0'.repeat(37)}` as (typeof nodes)[2]['id'];
    const error = thrownBy(() => selectNode(viewOf(nodes), 'fff'));
    expect(error.message).to.include('give 4 characters at least');
    expect(error.hints).to.deep.equal([`${nodes[2]!.id} 10.0.0.3:7002`]);
  });

  it('fails with one exit status, whatever is wrong with the name', () => {
    const wrong = ['ffffffff', 'a00', idOf(4), '10.0.0.3:1'];
    const statuses = wrong.map(
      (text) => thrownBy(() => selectNode(view, text, { role: 'primary' })).exitStatus,
    );
    expect(statuses).to.deep.equal([1, 1, 1, 1]);
  });

  it('lists the candidates of an ambiguous prefix or host', () => {
    const twins = syntheticNodes();
    twins.forEach((node, index) => (node.id = `a002${'0'.repeat(35)}${index}` as typeof node.id));
    const twice = viewOf(twins);
    const error = thrownBy(() => selectNode(twice, 'a002'));
    expect(error.code).to.equal('AMBIGUOUS_NODE');
    expect(error.hints).to.have.length(6);
    expect(error.hints[0]).to.equal(`${twins[0]!.id} 10.0.0.1:7000`);
    const local = viewOf(syntheticNodes({ hostOf: () => '127.0.0.1' }));
    expect(thrownBy(() => selectNode(local, '127.0.0.1')).code).to.equal('AMBIGUOUS_NODE');
  });

  it('names the nearest match of an unknown word', () => {
    const near = (text: string) => thrownBy(() => selectNode(view, text));
    expect(near('10.0.0.3:7003').hints[0]).to.match(/^Did you mean a00[23]/);
    expect(near('b002000000').hints[0]).to.contain(idOf(2));
    expect(near('elephant').hints).to.have.length(1);
    expect(near('elephant').message).to.equal('No node of the cluster is called "elephant".');
    expect(near('').code).to.equal('UNKNOWN_NODE');
  });

  it('refuses a replica where a primary is needed, and says which that is', () => {
    const error = thrownBy(() => selectNode(view, 'a003', { role: 'primary' }));
    expect(error.code).to.equal('NOT_A_PRIMARY');
    expect(error.hints).to.deep.equal([`Its primary is ${idOf(0)} 10.0.0.1:7000.`]);
    const other = thrownBy(() => selectNode(view, 'a000', { role: 'replica' }));
    expect(other.code).to.equal('NOT_A_REPLICA');
    expect(other.hints).to.deep.equal([`Replica: ${idOf(3)} 10.0.0.4:7003`]);
  });

  it('finds nodes that do not answer', () => {
    const silent = syntheticNodes();
    silent[4]!.silent = 'gone';
    expect(selectNode(viewOf(silent), '10.0.0.5:7004').id).to.equal(idOf(4));
  });
});
