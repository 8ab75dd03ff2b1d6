import { expect } from 'chai';
import { NatMap } from '../../src/lib/client/nat-map.js';
import { announcer } from '../../src/lib/client/announce.js';
import { TribError } from '../../src/lib/kernel/errors.js';

describe('NAT map', () => {
  const map = new NatMap([
    '10.0.0.1:6379=127.0.0.1:7001',
    '10.0.0.2=192.0.2.7',
    '[fd00::1]:1=[::1]:2',
  ]);

  it('translates both ways, a pair with a port before one without', () => {
    const both = new NatMap(['10.0.0.1=192.0.2.7', '10.0.0.1:6379=127.0.0.1:7001']);
    expect(both.reachable({ host: '10.0.0.1', port: 6379 })).to.include({
      host: '127.0.0.1',
      port: 7001,
    });
    expect(both.reachable({ host: '10.0.0.1', port: 6380 })).to.include({
      host: '192.0.2.7',
      port: 6380,
    });
    expect(map.announced({ host: '127.0.0.1', port: 7001 })).to.include({
      host: '10.0.0.1',
      port: 6379,
    });
    expect(map.reachable({ host: 'fd00::1', port: 1 })).to.include({ host: '::1', port: 2 });
  });

  it('leaves other addresses alone', () => {
    const other = { host: '10.0.0.1', port: 7000 };
    expect(map.reachable(other)).to.equal(other);
    expect(map.announced(other)).to.equal(other);
  });

  for (const pair of ['10.0.0.1', '=x', 'a=b=c', '10.0.0.1:1=10.0.0.2', '']) {
    it(`refuses '${pair}'`, () => {
      expect(() => new NatMap([pair]))
        .to.throw(TribError)
        .with.property('code', 'USAGE');
    });
  }

  it('tells nodes the announced address, as an IP', async () => {
    const announce = announcer({ natMap: map, family: 4 });
    expect(await announce({ host: '127.0.0.1', port: 7001 })).to.include({
      host: '10.0.0.1',
      port: 6379,
    });
    expect(await announce({ host: 'localhost', port: 5 })).to.include({
      host: '127.0.0.1',
      port: 5,
    });
  });

  it('names a host name that does not resolve', async () => {
    try {
      await announcer({})({ host: 'no-such-host.invalid', port: 7000 });
      expect.fail('it resolved');
    } catch (error) {
      expect(error).to.be.instanceOf(TribError).with.property('code', 'BAD_ADDRESS');
    }
  });
});
