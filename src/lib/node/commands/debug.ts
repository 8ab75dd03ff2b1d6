/** DEBUG, as far as tests of clusters need it. Off unless enable-debug-command says otherwise. */
import { dataSetDigest, valueDigest } from './digest.js';
import { helpLines } from './help.js';
import { isAllowedTo } from './local-client.js';
import type { StoreCall } from './store-call.js';

const HELP = helpLines('debug', [
  ['DIGEST', 'A fingerprint of all data, the same on every server that holds the same.'],
  ['DIGEST-VALUE <key> [<key> ...]', 'Fingerprints of the values of these keys.'],
  ['JMAP', 'Nothing; taken because some tests send it.'],
  ['LOADAOF', 'Write the append-only file out, and read all data from it again.'],
  [
    'RELOAD [MERGE] [NOFLUSH] [NOSAVE]',
    'Save all data to the RDB file and read them from it again.',
  ],
  ['SET-ACTIVE-EXPIRE <0|1>', 'Whether expired keys are deleted unasked.'],
  ['SLEEP <seconds>', 'Do nothing at all for that long; decimals allowed.'],
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
  const subcommand = name.toLowerCase();
  if (subcommand === 'help' && words.length === 0) {
    reply.array(HELP.length);
    for (const line of HELP) reply.status(line);
  } else if (subcommand === 'sleep' && words.length === 1) {
    wings.host.freeze((Number.parseFloat(words[0]!) || 0) * 1000);
    reply.status('OK');
  } else if (subcommand === 'set-active-expire' && words.length === 1) {
    wings.host.setActiveExpire(Number.parseInt(words[0]!, 10) > 0);
    reply.status('OK');
  } else if (subcommand === 'digest' && words.length === 0) {
    reply.status(dataSetDigest(call.keyspace.databases));
  } else if (subcommand === 'digest-value') {
    reply.array(words.length);
    for (const key of words) reply.status(valueDigest(call.db.raw(key)));
  } else if (subcommand === 'jmap' && words.length === 0) {
    reply.status('OK');
  } else if (subcommand === 'reload') {
    reload(call, words);
  } else if (subcommand === 'loadaof' && words.length === 0) {
    if (wings.persistence.reloadAof() === undefined) reply.status('OK');
    else reply.error('ERR Error trying to load the AOF files, check server logs.');
  } else {
    reply.error(
      `ERR unknown subcommand or wrong number of arguments for '${name.slice(0, 128)}'. Try DEBUG HELP.`,
    );
  }
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
