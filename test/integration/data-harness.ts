/**
 * The same commands to a real redis-server and to an embedded node: every reply must be of the same type with
 * the same content, in RESP2 and RESP3, the same keyspace events must be heard, and DEBUG DIGEST must find the
 * same data at the end. Sequences are generated; a failing one is shrunk and prints its seed.
 */
import fc from 'fast-check';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import { RespClient, show } from '../node/resp-client.js';
import { hasRedisServer, type RealServer, startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';

export interface CommandFamily {
  readonly title: string;
  /** One command, as words. */
  readonly command: fc.Arbitrary<readonly string[]>;
  /** Said before each sequence. */
  readonly setup?: readonly (readonly string[])[];
  /** Takes out of a reply what may rightly differ: order, times that run, chance. */
  readonly normalize?: (argv: readonly string[], text: string) => string;
  /** Which events are listened to, as `notify-keyspace-events` has it; all of them unless given. */
  readonly events?: string;
  /** How many sequences in RESP2; 120 unless given, and a quarter of them in RESP3. */
  readonly runs?: number;
  /** How long they get; 40 unless given. */
  readonly lengthMax?: number;
}

// --- words ------------------------------------------------------------------

export const word = (...words: string[]): fc.Arbitrary<string> => fc.constantFrom(...words);

/** None or one. */
export const optional = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.array(arbitrary, { maxLength: 1 });

/** One after another. */
export const join = (
  ...parts: fc.Arbitrary<string | readonly string[]>[]
): fc.Arbitrary<string[]> => fc.tuple(...parts).map((all) => all.flat());

/** Some of these groups of words, in any order. */
export const some = (
  group: fc.Arbitrary<readonly string[]>,
  maxLength: number,
  minLength = 0,
): fc.Arbitrary<string[]> =>
  fc.array(group, { minLength, maxLength }).map((groups) => groups.flat());

/** Integers as they are typed well and badly. */
export const number = word(
  '0',
  '1',
  '-1',
  '2',
  '5',
  '-3',
  '100',
  'x',
  '1.5',
  '',
  '9223372036854775807',
  '-9223372036854775808',
  '99999999999999999999',
);

// --- subjects ---------------------------------------------------------------

/** One of the two servers, with somebody who hears its events. */
class Subject {
  readonly #port: number;
  readonly #listener: RespClient;
  #marks = 0;

  private constructor(port: number, listener: RespClient) {
    this.#port = port;
    this.#listener = listener;
  }

  static async open(port: number, events = 'AEmn'): Promise<Subject> {
    const listener = await RespClient.open(port);
    await listener.call('CONFIG', 'SET', 'notify-keyspace-events', events);
    await listener.call('PSUBSCRIBE', '__keyevent@*__:*', 'the mark');
    return new Subject(port, listener);
  }

  close(): void {
    this.#listener.close();
  }

  /** What is answered and heard, line by line. */
  async transcript(
    protocol: string,
    commands: readonly (readonly string[])[],
    family: CommandFamily,
  ): Promise<string[]> {
    const client = await RespClient.open(this.#port);
    try {
      const prologue = [['FLUSHALL'], ['HELLO', protocol], ...(family.setup ?? [])];
      await Promise.all(prologue.map((argv) => client.call(...argv)));
      await this.#eventsSoFar(client);
      const replies = await Promise.all(commands.map((argv) => client.call(...argv)));
      const { normalize = (_, text) => text } = family;
      const lines = replies.map((reply, at) => {
        const argv = commands[at]!;
        return `${JSON.stringify(argv)} -> ${normalize(argv, show(reply))}`;
      });
      await client.call('DISCARD');
      lines.push(...(await this.#eventsSoFar(client)).map((event) => `event ${event}`));
      lines.push(`digest ${show(await client.call('DEBUG', 'DIGEST'))}`);
      return lines;
    } finally {
      client.close();
    }
  }

  /** Everything heard since the last time. */
  async #eventsSoFar(client: RespClient): Promise<string[]> {
    const mark = `mark ${this.#marks++}`;
    await client.call('PUBLISH', 'the mark', mark);
    const heard = this.#listener.unasked;
    await waitUntil('all events are heard', () => show(heard.at(-1)!).includes(mark));
    return heard
      .splice(0)
      .map((message) => /__keyevent@(.*)\]$/.exec(show(message))?.[1])
      .filter((event) => event !== undefined);
  }
}

// --- the comparison ---------------------------------------------------------

export function compareWithRealServer(family: CommandFamily): void {
  describe(`embedded node beside redis-server: ${family.title}`, function () {
    this.timeout(120_000);
    let real: RealServer | undefined;
    let node: EmbeddedNode | undefined;
    const subjects: Subject[] = [];

    before(async function () {
      if (!hasRedisServer()) this.skip();
      real = await startRealServer({ cluster: false });
      node = await startNode({ port: 0, config: { 'enable-debug-command': 'local' } });
      for (const { port } of [real, node]) subjects.push(await Subject.open(port, family.events));
    });

    after(async () => {
      for (const subject of subjects) subject.close();
      await node?.stop();
      await real?.stop();
    });

    for (const protocol of ['2', '3']) {
      it(`says the same, does the same and tells the same in RESP${protocol}`, async () => {
        const sequence = fc.array(family.command, {
          minLength: 1,
          maxLength: family.lengthMax ?? 40,
          size: 'max',
        });
        const property = fc.asyncProperty(sequence, async (commands) => {
          const [wanted, heard] = await Promise.all(
            subjects.map((subject) => subject.transcript(protocol, commands, family)),
          );
          const at = wanted!.findIndex((line, index) => line !== heard![index]);
          if (at < 0) return;
          throw new Error(`redis-server: ${wanted![at]}\n   this node: ${heard![at]}`);
        });
        const runs = family.runs ?? 120;
        const numRuns = protocol === '2' ? runs : Math.ceil(runs / 4);
        await fc.assert(property, { numRuns, includeErrorInReport: true });
      });
    }
  });
}
