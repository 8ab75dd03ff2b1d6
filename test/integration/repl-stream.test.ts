/**
 * The same commands to a real server and to an embedded node, and the same stream from both: what a replica
 * hears of EXPIRE, SPOP or a blocked client is decided by the primary, and a form of our own would make a
 * replica of another make differ.
 */
import { expect } from 'chai';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import { splitWords } from '../../src/lib/wire/quoted-words.js';
import { RespClient } from '../node/resp-client.js';
import { hasRedisServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';
import { Servers, type Server } from './repl-support.js';
import { STREAM_TABLE } from './stream-table.js';
import { StreamTap } from './stream-tap.js';

/** Moments are rewritten to milliseconds since the epoch, and the two servers are asked one after the other. */
const MOMENT = /^\d{13}$/;
const MOMENTS_APART_MS = 10_000;

/** One server under test with its tap. */
class Subject {
  readonly #client: RespClient;
  readonly #port: number;
  readonly #tap: StreamTap;
  #payload = '';
  #marks = 0;

  private constructor(port: number, client: RespClient, tap: StreamTap) {
    this.#port = port;
    this.#client = client;
    this.#tap = tap;
  }

  static async open({ port, client }: Server): Promise<Subject> {
    await client.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
    return new Subject(port, client, await StreamTap.open(port));
  }

  close(): void {
    this.#tap.close();
  }

  async knows(names: readonly string[]): Promise<boolean> {
    const infos = await this.#client.call('COMMAND', 'INFO', ...names);
    return infos.kind === 'array' && infos.items.every(({ kind }) => kind === 'array');
  }

  /** What the stream says to these commands. */
  async streamOf(commands: readonly string[]): Promise<(readonly string[])[]> {
    await this.#client.call('SELECT', '0');
    await this.#client.call('FLUSHALL');
    await this.#tap.upTo(await this.#mark());
    const waiting: { readonly client: RespClient; readonly reply: Promise<Reply> }[] = [];
    for (const command of commands) {
      if (command === 'SLEEP') await new Promise((resolve) => setTimeout(resolve, 40));
      else if (command.startsWith('&')) waiting.push(await this.#wait(command.slice(1)));
      else if (command.startsWith('~')) await this.#untilExpired(command.slice(1).trim());
      else await this.#say(command);
    }
    for (const { client, reply } of waiting) {
      await reply;
      client.close();
    }
    await this.#client.call('SELECT', '0');
    return this.#tap.upTo(await this.#mark());
  }

  async #say(command: string): Promise<void> {
    const [name = '', ...words] = splitWords(command) ?? [];
    if (name === 'DUMP>R') {
      const reply = await this.#client.call('DUMP', ...words);
      if (reply.kind === 'bulk') this.#payload = reply.text;
    } else {
      const named = words.map((word) => (word === 'R' ? this.#payload : word));
      await this.#client.call(name, ...named);
    }
  }

  async #wait(command: string): Promise<{ client: RespClient; reply: Promise<Reply> }> {
    const client = await RespClient.open(this.#port);
    const id = await client.call('CLIENT', 'ID');
    const reply = client.call(...(splitWords(command.trim()) ?? []));
    await waitUntil(`${command} waits`, async () => {
      const list = await this.#client.call('CLIENT', 'LIST', 'ID', String(valueOf(id)));
      return list.kind === 'bulk' && / flags=[^ ]*b/.test(list.text);
    });
    return { client, reply };
  }

  async #untilExpired(key: string): Promise<void> {
    await waitUntil(`${key} has expired`, async () => {
      return (
        (await this.#client.call('EXISTS', key)).kind === 'integer' && (await this.#ttl(key)) < 0
      );
    });
  }

  async #ttl(key: string): Promise<number> {
    return Number(valueOf(await this.#client.call('PTTL', key)));
  }

  async #mark(): Promise<string[]> {
    const mark = ['SET', 'the mark', String(this.#marks++)];
    await this.#client.call(...mark);
    return mark;
  }
}

const valueOf = (reply: Reply): unknown => (reply.kind === 'integer' ? reply.value : undefined);

describe('the stream of an embedded primary is that of redis-server', function () {
  const servers = new Servers();
  let real: Subject;
  let embedded: Subject;
  const subjects: Subject[] = [];

  before(async function () {
    if (!hasRedisServer()) return this.skip();
    real = await Subject.open(await servers.start('real'));
    embedded = await Subject.open(await servers.start('embedded'));
    subjects.push(real, embedded);
  });
  after(async () => {
    for (const subject of subjects) subject.close();
    await servers.stop();
  });

  for (const [family, cases] of Object.entries(STREAM_TABLE)) {
    for (const line of cases) {
      it(`${family}: ${line}`, async function () {
        const commands = line.split(' ; ');
        const names = commands.flatMap(commandNames);
        if (!(await embedded.knows(names))) return this.skip();
        const wanted = await real.streamOf(commands);
        const heard = await embedded.streamOf(commands);
        expect(alike(heard, wanted)).to.deep.equal(wanted);
      });
    }
  }
});

function commandNames(command: string): string[] {
  const name = command.replace(/^& */, '').split(' ')[0]!;
  return /^(?:SLEEP|BOGUS|~.*)$/.test(name) ? [] : [name.replace('>R', '')];
}

/** Moments that lie close together count as the same; so do payloads, whose checks are elsewhere. */
function alike(
  heard: readonly (readonly string[])[],
  wanted: readonly (readonly string[])[],
): string[][] {
  return heard.map((argv, at) =>
    argv.map((word, index) => {
      const other = wanted[at]?.[index];
      const isClose =
        other !== undefined &&
        MOMENT.test(word) &&
        MOMENT.test(other) &&
        Math.abs(Number(word) - Number(other)) < MOMENTS_APART_MS;
      const isPayload = index === 3 && /^restore/i.test(argv[0]!);
      return isClose || (isPayload && other !== undefined) ? other : word;
    }),
  );
}
