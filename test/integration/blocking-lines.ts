/**
 * Generated scenes for `blocking-play.ts`: four clients that pop, push, rename and queue, and a fifth, `p`, that
 * pauses the writes of all, ends the pause, and unblocks. It never waits itself, so the order of its lines is that
 * of what they do.
 */
import fc from 'fast-check';

type Scene = readonly string[];

const who = fc.constantFrom('a', 'b', 'c', 'd');
const key = fc.constantFrom('k', 'j', 'x');
const sorted = fc.constantFrom('y', 'z');
const side = fc.constantFrom('LEFT', 'RIGHT');
const items = fc.array(fc.constantFrom('1', '2', '3'), { minLength: 1, maxLength: 3 });

const words = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((said) => said.join(' '));
const say = (text: string): fc.Arbitrary<string> => fc.constant(text);
const many = items.map((values) => values.join(' '));

const waits = fc.oneof(
  words(fc.constantFrom('BLPOP', 'BRPOP'), key, say('0')),
  words(fc.constantFrom('BLPOP', 'BRPOP'), key, key, say('0')),
  words(say('BLMOVE'), key, key, side, side, say('0')),
  words(say('BRPOPLPUSH'), key, key, say('0')),
  words(say('BLMPOP 0 2'), key, key, side, say('COUNT 2')),
  words(fc.constantFrom('BZPOPMIN', 'BZPOPMAX'), sorted, say('0')),
  words(say('BZMPOP 0 2'), sorted, sorted, fc.constantFrom('MIN', 'MAX')),
);

const feeds = fc.oneof(
  words(fc.constantFrom('RPUSH', 'LPUSH'), key, many),
  words(say('LMOVE'), key, key, side, side),
  words(say('ZADD'), sorted, fc.constantFrom('1', '2'), fc.constantFrom('m', 'n')),
  words(fc.constantFrom('RENAME', 'RENAMENX'), key, key),
  words(say('COPY'), key, key),
);

const others = fc.oneof(
  words(say('DEL'), fc.oneof(key, sorted)),
  words(say('SET'), key, say('v')),
  words(say('LLEN'), key),
  words(say('LPOP'), key),
  fc.constantFrom('MULTI', 'EXEC', 'DISCARD', 'PING', 'FLUSHDB'),
);

const clientLine = fc
  .tuple(
    who,
    fc.oneof(
      { arbitrary: waits, weight: 4 },
      { arbitrary: feeds, weight: 4 },
      { arbitrary: others, weight: 3 },
    ),
  )
  .map(([name, text]) => `${name}: ${text}`);

const adminLine = fc
  .oneof(
    fc.constantFrom('CLIENT PAUSE 60000 WRITE', 'CLIENT UNPAUSE'),
    words(
      who.map((name) => `CLIENT UNBLOCK id-of-${name}`),
      fc.constantFrom('', 'TIMEOUT', 'ERROR'),
    ),
  )
  .map((text) => `p: ${text.trim()}`);

/** Ends without a pause, so that all who can go on have gone on. */
export const blockingScene: fc.Arbitrary<Scene> = fc
  .array(fc.oneof({ arbitrary: clientLine, weight: 5 }, { arbitrary: adminLine, weight: 1 }), {
    minLength: 4,
    maxLength: 24,
  })
  .map((lines) => [...withoutUnblockInPause(lines), 'p: CLIENT UNPAUSE']);

/** redis-server 7.0.15 ends itself (an assertion) when a client that a pause holds is unblocked. */
function withoutUnblockInPause(lines: Scene): Scene {
  let isPaused = false;
  return lines.filter((line) => {
    if (line.includes('CLIENT PAUSE')) isPaused = true;
    if (line.includes('CLIENT UNPAUSE')) isPaused = false;
    return !(isPaused && line.includes('CLIENT UNBLOCK'));
  });
}
