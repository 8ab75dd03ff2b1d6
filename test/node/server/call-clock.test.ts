import { expect } from 'chai';
import { type CommandStat, ServerStats } from '../../../src/lib/node/ports/stats.js';
import { CallClock } from '../../../src/lib/node/server/call-clock.js';

describe('call clock', () => {
  let stats: ServerStats;
  let clock: CallClock;
  let micros: number;
  let readings: number;

  beforeEach(() => {
    stats = new ServerStats();
    micros = 1_000_000;
    readings = 0;
    clock = new CallClock({
      stats,
      nowMs: () => Math.floor(micros / 1000),
      nowMicros: () => {
        readings++;
        return micros;
      },
    });
  });

  const stat = (name: string): CommandStat => stats.statOf({ fullName: name, stat: undefined });

  function runQuick(name: string, took: number): void {
    clock.beginQuick();
    micros += took;
    clock.endQuick(stat(name));
  }

  function runSlow(name: string, took: number, inside = (): void => undefined): number {
    const began = clock.begin();
    micros += took;
    inside();
    const spent = clock.end(began);
    stats.charge(stat(name), spent);
    return spent;
  }

  it('lets quick commands of a chunk share their time, with two readings', () => {
    clock.open();
    runQuick('get', 1);
    runQuick('get', 3);
    runQuick('set', 2);
    clock.close();
    expect(stat('get')).to.include({ calls: 2, micros: 4 });
    expect(stat('set')).to.include({ calls: 1, micros: 2 });
    expect(readings).to.equal(2);
    expect(stats.counters.commandsProcessed).to.equal(3);
  });

  it('gives a slow one among them its own time, and those after it the time after it', () => {
    clock.open();
    runQuick('get', 2);
    expect(runSlow('keys', 50_000)).to.equal(50_000);
    expect(clock.nowMs).to.equal(1_050);
    runQuick('get', 4);
    clock.close();
    expect(stat('get')).to.include({ calls: 2, micros: 6 });
    expect(stat('keys')).to.include({ calls: 1, micros: 50_000 });
  });

  it('charges one that was only thought to be quick with what the others did not need', () => {
    clock.open();
    for (let call = 0; call < 64; call++) runQuick('get', 2);
    runQuick('get', 2);
    clock.beginQuick();
    micros += 30_000;
    expect(clock.endUnexpected()).to.equal(30_000);
    clock.close();
    expect(stat('get')).to.include({ calls: 65, micros: 130 });
  });

  it('counts to a command what ran inside it', () => {
    clock.open();
    const spent = runSlow('exec', 5, () => {
      runQuick('get', 2);
      runQuick('get', 2);
    });
    clock.close();
    expect(spent).to.equal(9);
    expect(stat('get').calls).to.equal(2);
  });

  it('outside of a chunk times each by itself, at its own time', () => {
    clock.open();
    clock.close();
    micros += 7_000;
    runQuick('get', 3);
    expect(clock.nowMs).to.equal(1_007);
    micros += 1_000_000;
    runQuick('get', 5);
    expect(stat('get')).to.include({ calls: 2, micros: 8 });
  });
});
