/** REPLCONF: how a replica introduces itself, and how it reports what it has applied. */
import { integer, NOT_AN_INTEGER, SYNTAX_ERROR } from '../../commands/arguments.js';
import type { Asker } from '../../ports/replication.js';
import type { Replicas } from './replicas.js';
import type { Peer } from './replica-session.js';

/** The longest name a host may have. */
const IP_BYTES_MAX = 255;

/** Errors leave the connection open: replicas of other makes say more than we know. */
export function takeReplconf(
  argv: readonly string[],
  { client, reply }: Asker,
  replicas: Replicas,
): void {
  if (argv.length % 2 === 0) {
    reply.error(SYNTAX_ERROR);
    return;
  }
  const peer = replicas.peer(client);
  for (let at = 1; at < argv.length; at += 2) {
    const option = argv[at]!.toLowerCase();
    const value = argv[at + 1]!;
    if (option === 'ack') {
      const offset = integer(value);
      if (offset !== undefined) replicas.acknowledge(client, offset);
      return;
    }
    // A primary asks this of us through its stream, not here; there is nothing to answer.
    if (option === 'getack') return;
    if (option === 'version' && replicas.takesVersions) {
      peer.version = value;
      continue;
    }
    const problem = takeOption(peer, option, value, argv[at]!);
    if (problem !== undefined) {
      reply.error(problem);
      return;
    }
  }
  reply.status('OK');
}

/** @returns what is wrong with it. */
function takeOption(peer: Peer, option: string, value: string, word: string): string | undefined {
  switch (option) {
    case 'listening-port': {
      const port = integer(value);
      if (port === undefined) return NOT_AN_INTEGER;
      peer.listeningPort = port;
      return undefined;
    }
    case 'ip-address':
      if (value.length > IP_BYTES_MAX) {
        return `ERR REPLCONF ip-address provided by replica instance is too long: ${value.length} bytes`;
      }
      peer.announcedIp = value;
      return undefined;
    case 'capa':
      if (value.toLowerCase() === 'eof') peer.takesMark = true;
      return undefined;
    case 'rdb-only': {
      const flag = integer(value);
      if (flag === undefined) return NOT_AN_INTEGER;
      peer.isRdbOnly = flag === 1;
      return undefined;
    }
    case 'rdb-filter-only':
      return takeFilter(peer, value);
    default:
      return `ERR Unrecognized REPLCONF option: ${word}`;
  }
}

/** redis-cli --functions-rdb asks for functions alone, of which we have none. */
function takeFilter(peer: Peer, value: string): string | undefined {
  peer.wantsNoKeys = false;
  for (const word of value.split(' ').filter((part) => part !== '')) {
    if (word.toLowerCase() !== 'functions') {
      return `ERR Unsupported rdb-filter-only option: ${word}`;
    }
    peer.wantsNoKeys = true;
  }
  return undefined;
}
