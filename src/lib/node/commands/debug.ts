/** DEBUG, as far as tests of clusters need it. Off unless enable-debug-command says otherwise. */
import { debugListpack, debugObject, debugPopulate } from './debug-data.js';
import { dataSetDigest, valueDigest } from './digest.js';
import { helpLines } from './help.js';
import { isAllowedTo } from './local-client.js';
import type { StoreCall } from './store-call.js';

const HELP = helpLines('debug', [
  ['DIGEST', 'A fingerprint of all data, the same on every server that holds the same.'],
  ['DIGEST-VALUE <key> [<key> ...]', 'Fingerprints of the values of these keys.'],
  ['ERROR <string>', 'Answers with this error.'],
  ['JMAP', 'Nothing; taken because some tests send it.'],
  ['LISTPACK <key>', 'Whether a real server would keep the value in a listpack.'],
  ['LOADAOF', 'Write the append-only file out, and read all data from it again.'],
  ['OBJECT <key>', 'What a real server would tell of the object under the key.'],
  [
    'POPULATE <count> [<prefix>] [<size>]',
    'Makes keys that are not there yet; replicas do not hear.',
  ],
  ['QUICKLIST-PACKED-THRESHOLD <size>', 'Nothing; taken because some tests send it.'],
  [
    'RELOAD [MERGE] [NOFLUSH] [NOSAVE]',
    'Save all data to the RDB file and read them from it again.',
  ],
  ['SET-ACTIVE-EXPIRE <0|1>', 'Whether expired keys are deleted unasked.'],
  ['SLEEP <seconds>', 'Do nothing at all for that long; decimals allowed.'],
]);

interface Subcommand {
  /** Words behind the name: at least, and at most. */
  readonly words: readonly [min: number, max: number];
  readonly run: (call: StoreCall, words: readonly string[]) => void;
}

const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  ['help', { words: [0, 0], run: help }],
  ['digest', { words: [0, 0], run: digest }],
  ['digest-value', { words: [0, Infinity], run: digestValues }],
  ['error', { words: [1, 1], run: ({ reply }, words) => reply.error(oneLine(words[0]!)) }],
  ['jmap', { words: [0, 0], run: nothing }],
  ['listpack', { words: [1, 1], run: (call, words) => debugListpack(call, words[0]!) }],
  ['loadaof', { words: [0, 0], run: loadAof }],
  ['object', { words: [1, 1], run: (call, words) => debugObject(call, words[0]!) }],
  ['populate', { words: [1, 3], run: debugPopulate }],
  ['quicklist-packed-threshold', { words: [1, 1], run: nothing }],
  ['reload', { words: [0, Infinity], run: reload }],
  ['set-active-expire', { words: [1, 1], run: setActiveExpire }],
  ['sleep', { words: [1, 1], run: sleep }],
]);

export function debug(call: StoreCall): void {
  const { argv, client, reply, wings } = call;
  if (!isAllowedTo(client, wings.config.get('enable-debug-command'))) {
    reply.error(
      'ERR DEBUG command not allowed. Set enable-debug-command to "yes", or to "local" for loopback clients, in the config file or on the command line, and restart the node.',
    );
    return;
  }
  const [, name = '', ...words] = argv;
  const subcommand = SUBCOMMANDS.get(name.toLowerCase());
  const [min, max] = subcommand?.words ?? [0, 0];
  if (subcommand !== undefined && words.length >= min && words.length <= max) {
    subcommand.run(call, words);
  } else {
    reply.error(
      `ERR unknown subcommand or wrong number of arguments for '${name.slice(0, 128)}'. Try DEBUG HELP.`,
    );
  }
}

function help({ reply }: StoreCall): void {
  reply.array(HELP.length);
  for (const line of HELP) reply.status(line);
}

function nothing({ reply }: StoreCall): void {
  reply.status('OK');
}

/** A line break would end the reply, and begin another. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}

function sleep({ reply, wings }: StoreCall, words: readonly string[]): void {
  wings.host.freeze((Number.parseFloat(words[0]!) || 0) * 1000);
  reply.status('OK');
}

function setActiveExpire({ reply, wings }: StoreCall, words: readonly string[]): void {
  wings.host.setActiveExpire(Number.parseInt(words[0]!, 10) > 0);
  reply.status('OK');
}

function digest({ keyspace, reply }: StoreCall): void {
  reply.status(dataSetDigest(keyspace.databases));
}

function digestValues({ db, reply }: StoreCall, words: readonly string[]): void {
  reply.array(words.length);
  for (const key of words) reply.status(valueDigest(db.raw(key)));
}

function loadAof({ reply, wings }: StoreCall): void {
  if (wings.persistence.reloadAof() === undefined) reply.status('OK');
  else reply.error('ERR Error trying to load the AOF files, check server logs.');
}

/** MERGE: keys of the file win. NOFLUSH: what is there stays. NOSAVE: the file is read as it is. */
function reload({ reply, wings }: StoreCall, words: readonly string[]): void {
  const options = words.map((word) => word.toLowerCase());
  if (!options.every((word) => ['merge', 'noflush', 'nosave'].includes(word))) {
    reply.error('ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.');
    return;
  }
  const failure = wings.persistence.reload({
    merges: options.includes('merge'),
    flushes: !options.includes('noflush'),
    saves: !options.includes('nosave'),
  });
  if (failure === undefined) reply.status('OK');
  else reply.error('ERR Error trying to load the RDB dump, check server logs.');
}
