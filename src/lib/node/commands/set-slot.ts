/**
 * CLUSTER SETSLOT as Valkey has it since version 8: replicas learn of the change first, so that it survives the
 * primary that was told. They are sent the command in the stream, and when all of them hold it, or not in time,
 * it takes effect here, or not at all.
 */
import { integer, SYNTAX_ERROR } from './arguments.js';
import { cluster } from './cluster-operations.js';
import type { StoreCall } from './store-call.js';

const TIMEOUT_DEFAULT_MS = 2000;

export function setSlot(call: StoreCall): void {
  const { argv, client, isReplicated, maySuspend, reply, wings } = call;
  const words = withoutTimeout(argv);
  if (wings.cluster === undefined || typeof words === 'string') {
    if (typeof words === 'string') reply.error(words);
    else cluster(call);
    return;
  }
  const wing = wings.cluster;
  const { isTls, db } = client;
  if (isReplicated) {
    wing.command(words.argv, reply, { isTls, db, standing: 'primary' });
    return;
  }
  const refusal = wing.refuses(words.argv);
  if (refusal === undefined && maySuspend && wings.replicas.areAllLike('valkey')) {
    wings.replication.propagate(0, words.argv);
    wings.replicas.whenHeld(words.timeoutMs, call, (isHeld, later) => {
      if (isHeld) wing.command(words.argv, later, { isTls, db });
      else later.error('NOREPLICAS Not enough good replicas to write.');
    });
    return;
  }
  wing.command(words.argv, reply, { isTls, db });
}

/** TIMEOUT stands at the end; what is before it are the words of 7.0. */
function withoutTimeout(
  argv: readonly string[],
): { readonly argv: readonly string[]; readonly timeoutMs: number } | string {
  const at = argv.findIndex((word, index) => index > 3 && word.toLowerCase() === 'timeout');
  if (at < 0) return { argv, timeoutMs: TIMEOUT_DEFAULT_MS };
  const word = argv[at + 1];
  if (word === undefined) return 'ERR Missing timeout value';
  if (argv.length > at + 2) return SYNTAX_ERROR;
  const timeoutMs = integer(word);
  if (timeoutMs === undefined) return 'ERR timeout is not an integer or out of range';
  if (timeoutMs < 0) return 'ERR timeout is negative';
  return { argv: argv.slice(0, at), timeoutMs };
}
