import { expect } from 'chai';
import fc from 'fast-check';
import {
  addressFrom,
  formatAddress,
  isIpv6,
  isLoopback,
  parseAddress,
  parseTarget,
  takeAddressWords,
  targetFrom,
} from '../../src/lib/cluster/address.js';
import { thrownBy } from '../support/thrown-by.js';

describe('address', () => {
  const good: readonly (readonly [string, object])[] = [
    ['10.0.0.1:7000', { host: '10.0.0.1', port: 7000 }],
    ['10.0.0.1', { host: '10.0.0.1', port: 6379 }],
    ['redis-1.example.com:7000', { host: 'redis-1.example.com', port: 7000 }],
    ['redis_node', { host: 'redis_node', port: 6379 }],
    ['[::1]:7000', { host: '::1', port: 7000 }],
    ['[::1]', { host: '::1', port: 6379 }],
    ['::1:7000', { host: '::1', port: 7000 }],
    ['::1', { host: '::1', port: 6379 }],
    ['2001:db8::1', { host: '2001:db8::1', port: 6379 }],
    ['2001:db8::1:6380', { host: '2001:db8::1', port: 6380 }],
    ['1:2:3:4:5:6:7:8', { host: '1:2:3:4:5:6:7:8', port: 6379 }],
    ['1:2:3:4:5:6:7:8:9', { host: '1:2:3:4:5:6:7:8', port: 9 }],
    ['[fe80::1%eth0]:7000', { host: 'fe80::1%eth0', port: 7000 }],
    ['::ffff:10.0.0.1', { host: '::ffff:10.0.0.1', port: 6379 }],
    ['10.0.0.1:7000@17000', { host: '10.0.0.1', port: 7000, busPort: 17000 }],
    ['[::1]:7000@9', { host: '::1', port: 7000, busPort: 9 }],
  ];
  for (const [text, address] of good) {
    it(`reads ${text}`, () =>
      expect(parseAddress(text)).to.deep.equal({ ok: true, value: address }));
  }

  const bad: readonly (readonly [string, string])[] = [
    ['', 'empty'],
    ['  ', 'empty'],
    ['host:', 'bad-port'],
    ['host:0', 'bad-port'],
    ['host:65536', 'bad-port'],
    ['host:7000x', 'bad-port'],
    ['host:-1', 'bad-port'],
    [':7000', 'bad-host'],
    ['300.1.1.1:7000', 'bad-host'],
    ['10.0.0:7000', 'bad-host'],
    ['ho st:7000', 'bad-host'],
    ['-host:7000', 'bad-host'],
    ['a:b:c:7000', 'bad-host'],
    ['[::1:7000', 'bad-bracket'],
    ['[10.0.0.1]:7000', 'bad-bracket'],
    ['[::1]7000', 'bad-bracket'],
    ['host:7000@', 'bad-bus-port'],
    ['host:7000@x', 'bad-bus-port'],
  ];
  for (const [text, kind] of bad) {
    it(`refuses "${text}" as ${kind}`, () => {
      const parsed = parseAddress(text);
      expect(parsed.ok ? 'accepted' : parsed.error.kind).to.equal(kind);
      expect(thrownBy(() => addressFrom(text)).code).to.equal('BAD_ADDRESS');
    });
  }

  it('formats what it reads, with brackets around IPv6', () => {
    const part = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16));
    const v6 = fc.array(part, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':'));
    const host = fc.oneof(v6, fc.ipV4(), fc.domain());
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65535 }), (name, port) => {
        const text = formatAddress({ host: name, port });
        expect(parseAddress(text)).to.deep.equal({ ok: true, value: { host: name, port } });
      }),
    );
  });

  it('never throws, whatever is typed', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseTarget(text)));
  });

  it('reads URIs with login, database and TLS', () => {
    expect(targetFrom('rediss://al%40ice:s%3Acret@[::1]:7000/3')).to.deep.equal({
      address: { host: '::1', port: 7000 },
      isTls: true,
      user: 'al@ice',
      password: 's:cret',
      database: 3,
    });
    expect(targetFrom('redis://h')).to.deep.equal({
      address: { host: 'h', port: 6379 },
      isTls: false,
    });
    expect(targetFrom('redis://secret@h:1/')).to.include({ password: 'secret' });
    expect(targetFrom('redis://:secret@h:1')).to.include({ password: 'secret' });
    expect(targetFrom('redis://u:p@ss@h:1')).to.include({ user: 'u', password: 'p@ss' });
  });

  it('refuses bad URIs without repeating the password', () => {
    for (const [uri, kind] of [
      ['http://h:1', 'bad-uri'],
      ['redis://u:s3cret%zz@h:1', 'bad-uri'],
      ['redis://u:s3cret@h:1/x', 'bad-database'],
      ['redis://u:s3cret@h:99999', 'bad-port'],
      ['redis://u:s3cret@h:1?db=2', 'bad-uri'],
      ['redis://u:s3cret@', 'empty'],
      ['redis://u:s3cret', 'bad-port'],
      ['redis://[s3cret', 'bad-bracket'],
      ['u:s3cret@h:1', 'bad-bus-port'],
      ['u:s3@cret@h', 'bad-bus-port'],
    ] as const) {
      const error = thrownBy(() => targetFrom(uri));
      expect(error.details['kind'], uri).to.equal(kind);
      expect(error.message + error.hints.join('')).not.to.contain('s3cret');
    }
  });

  it('takes two words as one address only when the second is a port', () => {
    expect(takeAddressWords(['h', '7000', 'x'])).to.deep.equal({ text: 'h:7000', rest: ['x'] });
    expect(takeAddressWords(['::1', '7000'])).to.deep.equal({ text: '[::1]:7000', rest: [] });
    expect(takeAddressWords(['h:1', '7000'])).to.deep.equal({ text: 'h:1', rest: ['7000'] });
    expect(takeAddressWords(['h', 'PING'])).to.deep.equal({ text: 'h', rest: ['PING'] });
    expect(takeAddressWords(['redis://h', '1'])).to.deep.equal({ text: 'redis://h', rest: ['1'] });
    expect(takeAddressWords([])).to.deep.equal({ text: '', rest: [] });
  });

  it('knows loopback and IPv6 when it sees them', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).to.equal(true);
    expect(['128.0.0.1', '::2', 'local'].some(isLoopback)).to.equal(false);
    expect(['::', '::1', '1::', 'fe80::1%en0', '::1.2.3.4'].every(isIpv6)).to.equal(true);
    expect([':', ':::', '1::2::3', '12345::', '1:2:3:4:5:6:7', 'g::'].some(isIpv6)).to.equal(false);
  });
});
