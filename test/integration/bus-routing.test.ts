/**
 * Where a command is served: random queries on stable, migrating and importing slots, asked of an embedded
 * node and of a real one in the same situation. The verdicts must be the same, word for word.
 */
import { expect } from 'chai';
import { Prng } from '../../src/lib/kernel/prng.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { type Peer, PeerPool, expectOk, form, infoOf } from './bus-cluster.js';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const QUERIES = 400;

/** Tags by what their slot is to the node asked: own 15495, foreign 11298, and the three below. */
const TAGS = { own: '{a}', migrating: '{b}', importing: '{c}', foreign: '{d}', unowned: '{e}' };
const SLOTS = { migrating: 3300, importing: 7365, unowned: 15_363 };

const COMMANDS: readonly ((keys: readonly string[]) => readonly string[])[] = [
  (keys) => ['GET', keys[0]!],
  (keys) => ['SET', keys[0]!, 'v'],
  (keys) => ['MGET', ...keys],
  (keys) => ['EXISTS', ...keys],
  (keys) => ['MSET', ...keys.flatMap((key) => [key, 'v'])],
  // Time enough to be refused: which of its errors a timeout ends in depends on the moment.
  (keys) => ['MIGRATE', '127.0.0.1', '1', keys[0]!, '0', '2000'],
  () => ['PING'],
  () => ['SPUBLISH', '{b}channel', 'x'],
  () => ['SPUBLISH', '{d}channel', 'x'],
  () => ['SPUBLISH', '{e}channel', 'x'],
  () => ['PUBLISH', 'channel', 'x'],
  () => ['KEYS', 'nothing'],
];

describe('routing verdicts, side by side with redis-server', function () {
  if (!hasRedisServer()) return;
  this.timeout(60_000);
  const pool = new PeerPool();
  afterEach(() => pool.stop());

  for (const situation of ['up', 'down', 'down, reads allowed'] as const) {
    it(`${QUERIES} queries on a cluster that is ${situation} (seed ${SEED})`, async () => {
      const isDown = situation !== 'up';
      const config = {
        'cluster-require-full-coverage': isDown ? 'yes' : 'no',
        'cluster-allow-reads-when-down': situation === 'down, reads allowed' ? 'yes' : 'no',
      };
      const sides = await Promise.all(
        (['embedded', 'real'] as const).map(async (kind) => {
          const subject = (await pool.start([kind], { config }))[0]!;
          const other = (await pool.start(['real'], { config }))[0]!;
          await arrange(subject, other);
          await waitUntil(
            `the state is as wished`,
            async () => (await infoOf(subject, 'cluster_state')) === (isDown ? 'fail' : 'ok'),
          );
          return verdicts(subject, other);
        }),
      );
      const differing = sides[0]!.filter((line, at) => line !== sides[1]![at]);
      expect(differing).to.deep.equal(sides[1]!.filter((line, at) => line !== sides[0]![at]));
    });
  }
});

/** The subject leaves one of its slots, receives another, and no longer knows who owns a third. */
async function arrange(subject: Peer, other: Peer): Promise<void> {
  await form(
    [subject, other],
    [],
    [
      [0, 3300, 15_000, 16_383],
      [3301, 14_999],
    ],
  );
  for (const key of ['1', '2']) await expectOk(subject, 'SET', `${TAGS.migrating}${key}`, 'v');
  await expectOk(subject, 'SET', `${TAGS.own}1`, 'v');
  await expectOk(subject, 'CLUSTER', 'SETSLOT', String(SLOTS.migrating), 'MIGRATING', other.id);
  await expectOk(subject, 'CLUSTER', 'SETSLOT', String(SLOTS.importing), 'IMPORTING', other.id);
  await expectOk(subject, 'ASKING');
  await expectOk(subject, 'SET', `${TAGS.importing}1`, 'v');
  await expectOk(subject, 'CLUSTER', 'DELSLOTS', String(SLOTS.unowned));
}

async function verdicts(subject: Peer, other: Peer): Promise<string[]> {
  const prng = new Prng(SEED);
  const pick = <T>(from: readonly T[]): T => from[prng.below(from.length)]!;
  const said: string[] = [];
  for (let count = 0; count < QUERIES; count++) {
    const tag = pick(Object.values(TAGS));
    const keys = Array.from({ length: 1 + prng.below(3) }, () => {
      const sameSlot = prng.below(8) > 0;
      return `${sameSlot ? tag : pick(Object.values(TAGS))}${prng.below(4)}`;
    });
    const isAsking = prng.below(3) === 0;
    const argv = pick(COMMANDS)(keys);
    if (isAsking) await subject.ask('ASKING');
    const answer = (await subject.ask(...argv)).replaceAll(String(other.port), 'other');
    said.push(`${isAsking ? 'ASKING ' : ''}${argv.join(' ')} => ${answer}`);
  }
  return said;
}
