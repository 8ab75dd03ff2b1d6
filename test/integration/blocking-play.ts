/**
 * One scene of `blocking-scenes.ts` or of `blocking-lines.ts` on one server: each line is said once the one before
 * it is answered, or its client blocked.
 */
import { splitWords } from '../../src/lib/wire/quoted-words.js';
import { RespClient, show } from '../node/resp-client.js';
import { waitUntil } from '../support/wait.js';

/** A client of a scene: its replies so far, in order. */
class Actor {
  readonly client: RespClient;
  readonly id: string;
  readonly heard: string[] = [];
  #asked = 0;

  constructor(client: RespClient, id: string) {
    this.client = client;
    this.id = id;
  }

  get isAnswered(): boolean {
    return this.heard.length === this.#asked;
  }

  say(argv: readonly string[]): void {
    this.#asked++;
    void this.client.call(...argv).then(
      (reply) => this.heard.push(show(reply)),
      () => this.heard.push('closed'),
    );
  }
}

/**
 * Plays a scene on a server that it has for itself.
 * @returns what every client heard, the data that were left, who still waits, and how often commands were called.
 */
export async function playScene(
  port: number,
  lines: readonly string[],
): Promise<Record<string, string[]>> {
  const control = await RespClient.open(port);
  const actors = new Map<string, Actor>();
  const cast = async (name: string): Promise<Actor> => {
    const known = actors.get(name);
    if (known !== undefined) return known;
    const client = await RespClient.open(port);
    const id = await client.call('CLIENT', 'ID');
    const actor = new Actor(client, id.kind === 'integer' ? String(id.value) : '');
    actors.set(name, actor);
    return actor;
  };
  const isBlocked = async (actor: Actor): Promise<boolean> => {
    const list = await control.call('CLIENT', 'LIST', 'ID', actor.id);
    return list.kind === 'bulk' && / flags=[^ ]*b/.test(list.text);
  };
  try {
    await control.call('CLIENT', 'UNPAUSE');
    await control.call('FLUSHALL');
    await control.call('CONFIG', 'RESETSTAT');
    for (const line of lines) {
      const [, name = '', text = ''] = /^(\w+): (.*)$/.exec(line) ?? [];
      const actor = await cast(name);
      if (text === 'LEAVE') {
        actor.client.close();
        await waitUntil(`${name} has left`, async () => {
          const list = await control.call('CLIENT', 'LIST', 'ID', actor.id);
          return list.kind === 'bulk' && list.text === '';
        });
        continue;
      }
      if (text === 'HEARS') {
        await waitUntil(`${name} is answered`, () => actor.isAnswered);
        continue;
      }
      const words = (splitWords(text) ?? []).map((word) =>
        word.replace(/^id-of-(\w+)$/, (_, other: string) => actors.get(other)?.id ?? '0'),
      );
      actor.say(words);
      await waitUntil(
        `${line}: answered or blocked`,
        async () => actor.isAnswered || (await isBlocked(actor)),
      );
    }
    const settled = await Promise.all([...actors.values()].map((actor) => isBlocked(actor)));
    await waitUntil('all that is to come has come', () =>
      [...actors.values()].every((actor, at) => actor.isAnswered || settled[at] === true),
    );
    const heard = [...actors].map(([name, actor]) => [name, [...actor.heard]] as const);
    const clients = show(await control.call('INFO', 'clients'));
    const stats = show(await control.call('INFO', 'commandstats'));
    const calls = stats.match(/cmdstat_b\w+:calls=\d+/g) ?? [];
    return {
      ...Object.fromEntries(heard),
      left: [show(await control.call('DEBUG', 'DIGEST'))],
      blocked: [/blocked_clients:\d+/.exec(clients)?.[0] ?? ''],
      calls: calls.sort(),
    };
  } finally {
    control.close();
    for (const actor of actors.values()) actor.client.close();
  }
}
