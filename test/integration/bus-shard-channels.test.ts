/** Shard channels end where their slot leaves: whoever listens is told, by an embedded node as by a real one. */
import { expect } from 'chai';
import { slotOfKey } from '../../src/lib/kernel/slot.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { PeerPool, expectOk, form } from './bus-cluster.js';

const CHANNEL = '{news}paper';
const OTHER = '{elsewhere}';
const SLOT = String(slotOfKey(CHANNEL));

describe('shard channels of slots that leave', function () {
  if (!hasRedisServer()) return;
  this.timeout(30_000);
  const pool = new PeerPool();
  const listeners: RespClient[] = [];
  afterEach(async () => {
    for (const listener of listeners.splice(0)) listener.close();
    await pool.stop();
  });

  for (const kind of ['embedded', 'real'] as const) {
    it(`are left, and their listeners told, at ${kind} nodes: by gossip, by command and by another primary`, async () => {
      const peers = await pool.start([kind, kind, kind]);
      const [owner, taker, replica] = peers as [
        (typeof peers)[0],
        (typeof peers)[0],
        (typeof peers)[0],
      ];
      await form(
        [owner, taker],
        [{ peer: replica, of: owner }],
        [
          [0, 16_000],
          [16_001, 16_383],
        ],
      );

      const listen = async (port: number): Promise<RespClient> => {
        const listener = await RespClient.open(port);
        listeners.push(listener);
        await listener.call('READONLY');
        for (const channel of [CHANNEL, OTHER]) await listener.call('SSUBSCRIBE', channel);
        return listener;
      };
      const heard = async (listener: RespClient): Promise<void> => {
        await waitUntil('the listener is told', () => listener.unasked.length > 0);
        expect(listener.unasked.map(show)).to.deep.equal([
          `array[$"sunsubscribe", $${JSON.stringify(CHANNEL)}, :1]`,
        ]);
        listener.unasked.length = 0;
      };
      const [atOwner, atReplica] = [await listen(owner.port), await listen(replica.port)];

      // The new owner says so; the old one hears of it by its epoch.
      await expectOk(taker, 'CLUSTER', 'SETSLOT', SLOT, 'NODE', taker.id);
      await taker.ask('CLUSTER', 'BUMPEPOCH');
      await heard(atOwner);
      await heard(atReplica);
      expect(await owner.ask('PUBSUB', 'SHARDCHANNELS')).to.equal(`array[$"${OTHER}"]`);

      const atTaker = await RespClient.open(taker.port);
      listeners.push(atTaker);
      await atTaker.call('SSUBSCRIBE', CHANNEL);
      await atTaker.call('SSUBSCRIBE', `${CHANNEL}2`);
      await expectOk(taker, 'CLUSTER', 'DELSLOTS', SLOT);
      await waitUntil('both are ended', () => atTaker.unasked.length === 2);
      expect(
        atTaker.unasked
          .map(show)
          .map((text) => text.slice(-3))
          .sort(),
      ).to.deep.equal([':0]', ':1]']);
      // No subscriber any more: every command is taken.
      expect(show(await atTaker.call('ECHO', 'x'))).to.equal('$"x"');

      await expectOk(replica, 'CLUSTER', 'FAILOVER', 'TAKEOVER');
      await waitUntil('the old primary sends its listeners away', () => atOwner.unasked.length > 0);
      expect(atOwner.unasked.map(show)).to.deep.equal([`array[$"sunsubscribe", $"${OTHER}", :0]`]);
      // Those of the new one are where they should be.
      expect(await replica.ask('PUBSUB', 'SHARDCHANNELS')).to.equal(`array[$"${OTHER}"]`);
      expect(atReplica.unasked).to.deep.equal([]);
    });
  }
});
