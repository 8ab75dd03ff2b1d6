/** Atomic migration against servers that are a table of answers: what is started, watched, and called back. */
import { expect } from 'chai';
import { moveSlots } from '../../src/lib/execute/move/move-slots.js';
import { MOVING_DEFAULTS, type MoveWay } from '../../src/lib/execute/move/moving.js';
import { TribError } from '../../src/lib/kernel/errors.js';
import type { NodeId } from '../../src/lib/kernel/node-id.js';
import { FakeLinks, contextOf, idOf, nodesText, replyError } from './fake-links.js';

const [SOURCE, TARGET] = [1, 2];
const MOVE = {
  source: { id: idOf(SOURCE) as NodeId, address: { host: '127.0.0.1', port: SOURCE } },
  target: { id: idOf(TARGET) as NodeId, address: { host: '127.0.0.1', port: TARGET } },
  slots: [{ first: 1, last: 1 }],
};

type Handler = (command: string, node: string) => unknown;

/** Answers what every move asks; the rest is up to the test. */
function linksWith(handler: Handler): FakeLinks {
  return new FakeLinks((command, node) => {
    const answer = handler(command, node);
    if (answer instanceof Error) throw answer;
    if (answer !== undefined) return answer;
    if (command.startsWith('COMMAND INFO')) return [[]];
    if (command.startsWith('CLUSTER COUNTKEYSINSLOT')) return 3;
    if (command === 'INFO memory') return 'used_memory_dataset:1000\r\n';
    if (command === 'CLUSTER NODES') return nodesText(TARGET, [SOURCE, TARGET]);
    if (command === 'CLUSTER INFO') return 'cluster_state:ok\r\n';
    throw replyError(`ERR unexpected ${command}`);
  });
}

async function run(links: FakeLinks, way: MoveWay = 'atomic', signal?: AbortSignal) {
  const context = {
    ...contextOf(links, { deadlineMs: 2_000, ...(signal ? { signal } : {}) }),
    moving: { ...MOVING_DEFAULTS, way },
  };
  try {
    await moveSlots([MOVE], context);
    return { events: context.events, error: undefined };
  } catch (error) {
    expect(error).to.be.instanceOf(TribError);
    return { events: context.events, error: error as TribError };
  }
}

const valkeyJob = (name: string, state: string, message = ''): string[] => [
  ...['name', name, 'operation', 'EXPORT', 'slot_ranges', '1-1', 'target_node', idOf(TARGET)],
  ...['state', state, 'message', message],
];

const redisTask = (id: string, state: string, operation: string): string[] => [
  ...['id', id, 'slots', '1-1', 'source', idOf(SOURCE), 'dest', idOf(TARGET)],
  ...['operation', operation, 'state', state, 'last_error', state === 'failed' ? 'why' : ''],
];

const hasValkey = (command: string): unknown =>
  command.startsWith('COMMAND INFO') ? [['cluster|migrateslots'], []] : undefined;
const hasRedis = (command: string): unknown =>
  command.startsWith('COMMAND INFO') ? [[], ['cluster|migration']] : undefined;

describe('atomic slot migration', () => {
  it('is not asked of servers that lack it, and refused where it was insisted on', async () => {
    const links = linksWith(() => undefined);
    const { error } = await run(links);
    expect(error?.code).to.equal('REFUSED');
    expect(links.asked.filter((text) => /MIGRAT/.test(text))).to.deep.equal([]);
  });

  it('is pushed by a Valkey source, found in its list, and watched to its end', async () => {
    let looks = 0;
    const links = linksWith((command, node) => {
      if (command.startsWith('CLUSTER MIGRATESLOTS')) {
        expect(node).to.equal('127.0.0.1:1');
        expect(command).to.equal(`CLUSTER MIGRATESLOTS SLOTSRANGE 1 1 NODE ${idOf(TARGET)}`);
        return 'OK';
      }
      if (command === 'CLUSTER GETSLOTMIGRATIONS') {
        const old = valkeyJob('old', 'failed');
        looks++;
        if (looks === 1) return [old];
        return [valkeyJob('new', looks < 4 ? 'snapshotting' : 'success'), old];
      }
      return hasValkey(command);
    });
    const { events, error } = await run(links);
    expect(error).to.equal(undefined);
    expect(events.filter(({ kind }) => kind === 'slot-moved')).to.have.length(1);
    expect(links.asked.some((text) => text.includes('SETSLOT'))).to.equal(false);
  });

  it('is pulled by a Redis target, and over when its source says so, too', async () => {
    let sourceLooks = 0;
    const links = linksWith((command, node) => {
      if (command === 'CLUSTER MIGRATION IMPORT 1 1') {
        expect(node).to.equal('127.0.0.1:2');
        return 'task';
      }
      if (command === 'CLUSTER MIGRATION STATUS ID task') {
        if (node === '127.0.0.1:2') return [redisTask('task', 'completed', 'import')];
        return [redisTask('task', ++sourceLooks < 2 ? 'handoff' : 'completed', 'migrate')];
      }
      return hasRedis(command);
    });
    const { error } = await run(links);
    expect(error).to.equal(undefined);
    expect(sourceLooks).to.equal(2);
  });

  it('story 18: fails so often and no oftener, then keys are moved one by one, or not at all', async () => {
    let starts = 0;
    const handler: Handler = (command) => {
      if (command.startsWith('CLUSTER MIGRATESLOTS')) {
        starts++;
        return 'OK';
      }
      if (command === 'CLUSTER CANCELSLOTMIGRATIONS')
        return replyError('ERR No migrations ongoing');
      if (command === 'CLUSTER GETSLOTMIGRATIONS') {
        const all = Array.from({ length: starts }, (_, at) =>
          valkeyJob(`job${starts - at}`, 'failed', 'invalid CRLF'),
        );
        return all;
      }
      return hasValkey(command);
    };
    const insisted = await run(linksWith(handler));
    expect(starts).to.equal(3);
    expect(insisted.error?.message).to.include('invalid CRLF');
    expect(insisted.error?.hints.join()).to.include('--way classic');

    starts = 0;
    const links = linksWith((command, node) => {
      if (command.includes('SETSLOT')) return 'OK';
      if (command.includes('GETKEYSINSLOT')) return [];
      if (command.startsWith('CLUSTER COUNTKEYSINSLOT')) return 0;
      if (command.startsWith('CONFIG GET')) return [];
      return handler(command, node);
    });
    const { error, events } = await run(links, 'auto');
    expect(error).to.equal(undefined);
    expect(starts).to.equal(3);
    expect(links.asked).to.include(`127.0.0.1:2 CLUSTER SETSLOT 1 NODE ${idOf(TARGET)}`);
    const remarks = events.filter((event) => event.kind === 'remark');
    expect(remarks.at(-1)?.message).to.include('moved key by key instead');
  });

  it('story 19: what a missing permission ends is told with the permissions it takes', async () => {
    const words = 'NOPERM this user has no permissions to run the cluster|syncslots command';
    const links = linksWith((command) => {
      if (command.startsWith('CLUSTER MIGRATESLOTS')) return 'OK';
      if (command === 'CLUSTER CANCELSLOTMIGRATIONS')
        return replyError('ERR No migrations ongoing');
      if (command === 'CLUSTER GETSLOTMIGRATIONS') {
        const starts = links.asked.filter((text) => text.includes('SLOTSRANGE')).length;
        return Array.from({ length: starts }, (_, at) =>
          valkeyJob(`${starts - at}`, 'failed', words),
        );
      }
      return hasValkey(command);
    });
    const { error } = await run(links);
    expect(error?.message).to.include(words);
    expect(error?.hints[0]).to.include('+cluster|syncslots').and.to.include('+select');
  });

  it('story 20: a FLUSHALL that ends a migration is told, and the migration tried again', async () => {
    let starts = 0;
    const links = linksWith((command) => {
      if (command.startsWith('CLUSTER MIGRATESLOTS')) {
        starts++;
        return 'OK';
      }
      if (command === 'CLUSTER CANCELSLOTMIGRATIONS') return 'OK';
      if (command === 'CLUSTER GETSLOTMIGRATIONS') {
        const flushed = valkeyJob('one', 'failed', 'Data was flushed');
        return starts === 0
          ? []
          : starts === 1
            ? [flushed]
            : [valkeyJob('two', 'success'), flushed];
      }
      return hasValkey(command);
    });
    const { error, events } = await run(links);
    expect(error).to.equal(undefined);
    expect(starts).to.equal(2);
    const remark = events.find((event) => event.kind === 'remark');
    expect(remark?.message).to.include('tried again: Data was flushed');
  });

  it('story 21: an interruption calls it back at the end that would go on', async () => {
    await calledBack('valkey', '127.0.0.1:1');
    await calledBack('redis', '127.0.0.1:2');
  });

  it('story 22: a migration that is under way for the same slots is joined, not started again', async () => {
    const links = linksWith((command) => {
      if (command.startsWith('CLUSTER MIGRATESLOTS')) {
        return replyError('ERR I am already migrating slot 1.');
      }
      if (command === 'CLUSTER GETSLOTMIGRATIONS') {
        const looks = links.asked.filter((text) => text.includes('GETSLOT')).length;
        return [valkeyJob('theirs', looks < 4 ? 'snapshotting' : 'success')];
      }
      return hasValkey(command);
    });
    const { error } = await run(links);
    expect(error).to.equal(undefined);
  });

  it('story 23: progress is counted in slots that have moved, not in keys that are hidden', async () => {
    const links = linksWith((command) => {
      if (command.startsWith('CLUSTER MIGRATESLOTS')) return 'OK';
      if (command === 'CLUSTER GETSLOTMIGRATIONS') {
        const hasStarted = links.asked.some((text) => text.includes('MIGRATESLOTS SLOTSRANGE'));
        return hasStarted ? [valkeyJob('new', 'success')] : [];
      }
      return hasValkey(command);
    });
    const { events } = await run(links);
    const counted = links.asked.filter((text) => text.includes('COUNTKEYSINSLOT'));
    expect(counted, 'before it began, at the source').to.deep.equal([
      '127.0.0.1:1 CLUSTER COUNTKEYSINSLOT 1',
    ]);
    expect(events.at(-1)).to.include({ kind: 'moves-done', slotsDone: 1, keysDone: 3 });
  });
});

async function calledBack(dialect: 'valkey' | 'redis', node: string): Promise<void> {
  const controller = new AbortController();
  let isCancelled = false;
  const cancelledAt: string[] = [];
  const links = linksWith((command, at) => {
    if (/CANCEL/.test(command)) {
      cancelledAt.push(at);
      isCancelled = true;
      return dialect === 'valkey' ? 'OK' : 1;
    }
    if (command.startsWith('CLUSTER MIGRATESLOTS')) return 'OK';
    if (command.startsWith('CLUSTER MIGRATION IMPORT')) return 'task';
    if (command === 'CLUSTER GETSLOTMIGRATIONS') {
      const hasStarted = links.asked.some((text) => text.includes('MIGRATESLOTS SLOTSRANGE'));
      if (hasStarted) controller.abort();
      return hasStarted ? [valkeyJob('new', isCancelled ? 'cancelled' : 'replicating')] : [];
    }
    if (command.startsWith('CLUSTER MIGRATION STATUS')) {
      controller.abort();
      return [redisTask('task', isCancelled ? 'canceled' : 'send-stream', 'import')];
    }
    return dialect === 'valkey' ? hasValkey(command) : hasRedis(command);
  });
  // Calls that were aborted with the signal would never cancel anything.
  const { error } = await run(links, 'atomic', controller.signal);
  expect(error?.code).to.equal('INTERRUPTED');
  expect(cancelledAt).to.deep.equal([node]);
}
