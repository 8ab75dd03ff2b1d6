/**
 * What goes wrong between here and a server, in words that name the node, the command and the next thing
 * to try. Arguments may hold secrets (AUTH, CONFIG SET requirepass), so a command is named by its first
 * words only.
 */
import { TribError, messageOf } from '../kernel/errors.js';
import type { ConnectionOptions } from './connection-options.js';

type Arguments = readonly (string | number | Buffer)[];

/** Commands whose second word is part of the name. */
const CONTAINERS = new Set([
  'CLUSTER',
  'CONFIG',
  'CLIENT',
  'FUNCTION',
  'ACL',
  'COMMAND',
  'DEBUG',
  'SCRIPT',
  'MODULE',
]);

export function commandName(args: Arguments): string {
  const [first = '', second] = args.map((arg) => String(arg));
  const name = first.toUpperCase();
  return CONTAINERS.has(name) && second !== undefined ? `${name} ${second.toUpperCase()}` : name;
}

export function connectFailure(
  where: string,
  cause: unknown,
  options: ConnectionOptions,
): TribError {
  const code = codeOf(cause);
  const words = messageOf(cause);
  const fail = (message: string, hint: string): TribError =>
    new TribError('NODE_UNREACHABLE', message, { hint, cause, details: { node: where } });
  switch (code) {
    case 'ECONNREFUSED':
      return fail(
        `Could not connect to ${where}: connection refused.`,
        'No server listens there: check that it runs, and its port and bind address.',
      );
    case 'ETIMEDOUT':
      return fail(
        `Could not connect to ${where}: no answer within the connect timeout.`,
        'A firewall may swallow the packets, or the host is down; --connect-timeout waits longer.',
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return fail(
        `Could not connect to ${where}: the host name does not resolve.`,
        'Check the name, or use an IP address.',
      );
    default:
  }
  if (options.tls && (isTlsWords(words) || code === 'ECONNRESET')) {
    return fail(
      `TLS error with ${where}: ${words}.`,
      'Check --cacert, --cert, --key and --sni; --insecure skips the verification; without --tls the link is plain.',
    );
  }
  if (/closed|ECONNRESET/.test(words)) {
    return fail(
      `${where} closed the connection at once.`,
      'It may expect TLS (--tls), have reached maxclients, or refuse this address (protected-mode).',
    );
  }
  return fail(
    `Could not connect to ${where}: ${words}.`,
    'Check that the server runs and can be reached.',
  );
}

export function loginRefused(
  where: string,
  username: string | undefined,
  words: string,
): TribError {
  const who = username === undefined ? '' : ` for user '${username}'`;
  return new TribError('AUTH_FAILED', `${where} refuses the password${who}: ${words}`, {
    hint: 'Check -a, --user, --password-file and the variables REDISCLI_AUTH and VALKEYCLI_AUTH.',
    details: { node: where },
  });
}

const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g;

export function replyError(where: string, args: Arguments, said: string): TribError {
  // What a server says may hold anything; a terminal shall not obey it.
  const words = said.replace(CONTROL_CHARACTERS, '?');
  const command = commandName(args);
  const details = { node: where, command, reply: words };
  if (words.startsWith('NOAUTH') || words.includes('operation not permitted')) {
    return new TribError('AUTH_FAILED', `${where} wants a password: ${words}`, {
      hint: 'Give it with -a, --password-file, --askpass or the variable REDISCLI_AUTH.',
      details,
    });
  }
  if (words.startsWith('NOPERM')) {
    return new TribError('AUTH_FAILED', `${where} does not allow ${command}: ${words}`, {
      hint: 'Log in as a user with that permission (--user), or extend it with ACL SETUSER.',
      details,
    });
  }
  if (words.startsWith('Protocol error') || /^DENIED /.test(words)) {
    return new TribError('PROTOCOL', `${where} refused the connection: ${words}`, { details });
  }
  return new TribError('REPLY_ERROR', `Node ${where} replied with error to ${command}: ${words}`, {
    details,
  });
}

export function closedByServer(where: string, args: Arguments, cause: unknown): TribError {
  const words = messageOf(cause);
  if (/Protocol error/i.test(words)) return notRedis(where, cause);
  return new TribError(
    'NODE_UNREACHABLE',
    `${where} closed the connection before it answered ${commandName(args)}.`,
    { hint: 'The server may have stopped; look at its log.', cause, details: { node: where } },
  );
}

export function notRedis(where: string, cause: unknown): TribError {
  const words = messageOf(cause);
  return new TribError('PROTOCOL', `${where} does not speak the Redis protocol: ${words}`, {
    hint: 'Is this the client port (not the bus port), and is TLS as the server expects it?',
    cause,
  });
}

export function deadlinePassed(where: string, args: Arguments, deadlineMs: number): TribError {
  return new TribError(
    'NO_ANSWER',
    `${where} did not answer ${commandName(args)} within ${deadlineMs} ms.`,
    {
      hint: 'The process may be stopped, swapping, or busy with a slow command.',
      details: { node: where, command: commandName(args), deadlineMs },
    },
  );
}

export function aborted(where: string, args: Arguments): TribError {
  return new TribError('INTERRUPTED', `Interrupted while ${where} worked on ${commandName(args)}.`);
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // Several addresses tried (happy eyeballs): the first failure speaks for all.
  if ('errors' in error && Array.isArray(error.errors)) return codeOf(error.errors[0]);
  return undefined;
}

function isTlsWords(words: string): boolean {
  return /SSL|TLS|certificate|self.signed|altname|handshake/i.test(words);
}
