import { expect } from 'chai';
import { fingerprint } from '../../src/lib/cluster/fingerprint.js';
import { differenceBetween, isSameCluster, pictureOf } from '../../src/lib/cluster/picture.js';
import {
  blankClaims,
  idOf,
  syntheticNodes,
  viewOf,
  type SyntheticNode,
} from '../support/synthetic-view.js';
import { buildView } from '../../src/lib/cluster/view.js';

function changed(change: (nodes: SyntheticNode[]) => void) {
  const nodes = syntheticNodes();
  change(nodes);
  return viewOf(nodes);
}

const before = changed(() => undefined);

describe('the picture of a cluster', () => {
  const changes: readonly (readonly [string, (nodes: SyntheticNode[]) => void, RegExp])[] = [
    [
      'a node left',
      (nodes) => nodes.pop(),
      /^Node 10\.0\.0\.6:7005 \(a005\w+\) has left the cluster\.$/,
    ],
    [
      'a node joined',
      (nodes) => nodes.push({ ...nodes[5]!, id: idOf(9), port: 7009, host: '10.0.0.9' }),
      /^Node 10\.0\.0\.9:7009 \(a009\w+\) has joined the cluster\.$/,
    ],
    [
      'a slot moved',
      (nodes) => {
        nodes[0]!.slots = '0-4 6-5460';
        nodes[1]!.slots = '5 5461-10922';
        nodes[1]!.epoch = 9;
      },
      /^Slot 5 belonged to 10\.0\.0\.1:7000 .* and belongs to 10\.0\.0\.2:7001 .* now\.$/,
    ],
    [
      'a slot was lost',
      (nodes) => (nodes[0]!.slots = '1-5460'),
      /^Slot 0 belonged to .* belongs to nobody now\.$/,
    ],
    [
      'a replica took over',
      (nodes) => {
        nodes[3]!.primary = undefined;
        nodes[3]!.slots = nodes[0]!.slots;
        nodes[0]!.slots = '';
        nodes[0]!.primary = 3;
        nodes[3]!.epoch = 8;
      },
      /^Node 10\.0\.0\.1:7000 .* was a primary and replicates 10\.0\.0\.4:7003 .* now\.$/,
    ],
    [
      'a slot was opened',
      (nodes) => (nodes[0]!.open = `[7->-${idOf(1)}]`),
      /^Slot 7 is open at 10\.0\.0\.1:7000 .* now\.$/,
    ],
    [
      'an epoch rose',
      (nodes) => (nodes[2]!.epoch = 11),
      /^The config epoch of 10\.0\.0\.3:7002 .* was 3 and is 11 now\.$/,
    ],
  ];
  for (const [what, change, says] of changes) {
    it(`says that ${what}, and nothing else`, () => {
      const after = changed(change);
      expect(fingerprint(after)).to.not.equal(fingerprint(before));
      expect(differenceBetween(pictureOf(before), pictureOf(after))).to.match(says);
    });
  }

  it('says nothing of a cluster that is as it was', () => {
    const again = changed(() => undefined);
    expect(differenceBetween(pictureOf(before), pictureOf(again))).to.equal(undefined);
    expect(fingerprint(again)).to.equal(fingerprint(before));
  });

  it('knows a cluster again by one member, and others not', () => {
    const rest = changed((nodes) => nodes.splice(1, 5));
    expect(isSameCluster(pictureOf(before), pictureOf(rest))).to.equal(true);
    const others = blankClaims(Array(9).fill({ host: '10.0.9.9' })).slice(8);
    expect(isSameCluster(pictureOf(before), pictureOf(buildView(others)))).to.equal(false);
  });
});
