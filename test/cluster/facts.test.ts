import { expect } from 'chai';
import { countKeys, parseFacts } from '../../src/lib/cluster/facts.js';

describe('facts', () => {
  it('reads a replica’s INFO', () => {
    const facts = parseFacts({
      info: [
        '# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster\r\n',
        '# Persistence\r\nloading:1\r\n',
        '# Replication\r\nrole:slave\r\nmaster_link_status:down\r\nslave_repl_offset:42\r\n',
        '# Cluster\r\ncluster_enabled:1\r\n# Keyspace\r\ndb0:keys=5,expires=1,avg_ttl=0\r\ndb9:keys=2,expires=0',
      ].join('\r\n'),
      clusterInfo: 'cluster_state:fail\r\ncluster_known_nodes:6\r\ncluster_current_epoch:9\r\n',
      nodeTimeoutMs: 15000,
    });
    expect(facts).to.deep.include({
      version: '7.0.15',
      vendor: 'redis',
      clusterEnabled: true,
      isLoading: true,
      clusterState: 'fail',
      currentEpoch: 9,
      knownNodes: 6,
      nodeTimeoutMs: 15000,
      role: 'replica',
      primaryLinkUp: false,
      replicationOffset: 42,
    });
    expect([...facts.keys]).to.deep.equal([
      [0, 5],
      [9, 2],
    ]);
    expect(countKeys(facts)).to.equal(7);
  });

  it('tells the vendors apart', () => {
    const vendor = (info: string) => parseFacts({ info });
    const valkey = vendor('redis_version:7.2.4\nvalkey_version:8.1.0\navailability_zone:a-1\n');
    expect(valkey).to.include({ vendor: 'valkey', version: '8.1.0', availabilityZone: 'a-1' });
    expect(vendor('redis_version:7.0.15\ntrib_version:0.1.0\n')).to.include({ vendor: 'trib' });
  });

  it('leaves undefined what nobody told', () => {
    expect(parseFacts({})).to.deep.include({
      version: undefined,
      clusterEnabled: undefined,
      clusterState: undefined,
      role: undefined,
      primaryLinkUp: undefined,
      availabilityZone: undefined,
    });
    expect(parseFacts({ info: 'availability_zone:\n' }).availabilityZone).to.equal(undefined);
  });
});
