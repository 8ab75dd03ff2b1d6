/** CLIENT KILL: the old form by address, which must find somebody, and the new one by filters, which counts. */
import type { Session } from '../ports/session.js';
import { integer, SYNTAX_ERROR, quotable } from './arguments.js';
import { clientType, typeOf } from './client-operations.js';
import type { StoreCall } from './store-call.js';

type Filter = (session: Session) => boolean;

export function clientKill(call: StoreCall): void {
  const { argv, client, reply, sessions } = call;
  if (argv.length === 3) {
    const found = [...sessions.all()].find((session) => session.address === argv[2]!);
    if (found === undefined) {
      reply.error('ERR No such client');
      return;
    }
    reply.status('OK');
    end(found, client);
    return;
  }
  const filters = readFilters(call);
  if (filters === undefined) return;
  const chosen = [...sessions.all()].filter((session) => filters.every((holds) => holds(session)));
  reply.integer(chosen.length);
  for (const session of chosen) end(session, client);
}

/** The killer itself still gets its answer. */
function end(session: Session, killer: Session): void {
  if (session === killer) session.closeAfterReply();
  else session.close('now');
}

function readFilters(call: StoreCall): Filter[] | undefined {
  const { argv, client, reply } = call;
  const filters: Filter[] = [];
  let sparesMe = true;
  for (let at = 2; at < argv.length; at += 2) {
    const value = argv[at + 1];
    if (value === undefined) {
      reply.error(SYNTAX_ERROR);
      return undefined;
    }
    const word = argv[at]!.toLowerCase();
    if (word === 'skipme') {
      const answer = value.toLowerCase();
      if (answer !== 'yes' && answer !== 'no') {
        reply.error(SYNTAX_ERROR);
        return undefined;
      }
      sparesMe = answer === 'yes';
      continue;
    }
    const filter = filterOf(word, value);
    if (typeof filter === 'string') {
      reply.error(filter);
      return undefined;
    }
    filters.push(filter);
  }
  if (sparesMe) filters.push((session) => session !== client);
  return filters;
}

/** A filter, or the error that answers. */
function filterOf(word: string, value: string): Filter | string {
  switch (word) {
    case 'id': {
      const id = integer(value);
      if (id === undefined || id < 1) return 'ERR client-id should be greater than 0';
      return (session) => session.id === id;
    }
    case 'addr':
      return (session) => session.address === value;
    case 'laddr':
      return (session) => session.localAddress === value;
    case 'user':
      // There is one user.
      return value === 'default' ? () => true : `ERR No such user '${quotable(value)}'`;
    case 'type': {
      const kind = clientType(value);
      if (kind === undefined) return `ERR Unknown client type '${quotable(value)}'`;
      return (session) => typeOf(session) === kind;
    }
    default:
      return SYNTAX_ERROR;
  }
}
