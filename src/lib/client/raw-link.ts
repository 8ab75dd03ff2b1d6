/**
 * A link that keeps reply types apart: ioredis gives `+OK` and a bulk "OK" the same face, and turns an
 * error inside an array into an exception. One command, one typed reply, then the connection ends.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { formatAddress } from '../cluster/address.js';
import type { NodeAddress } from '../cluster/model.js';
import { AssertionFailure, TribError, messageOf } from '../kernel/errors.js';
import { utf8ToLatin1 } from '../kernel/bytes.js';
import type { Reply } from '../wire/resp/reply.js';
import { ReplyDecoder } from '../wire/resp/reply-decoder.js';
import { encodeRequest } from '../wire/resp/request-encoder.js';
import {
  CALL_DEADLINE_MS,
  CONNECT_TIMEOUT_MS,
  type ConnectionOptions,
} from './connection-options.js';
import { closedByServer, connectFailure, deadlinePassed, loginRefused } from './link-errors.js';
import { tlsFor } from './tls.js';

export interface RawCallOptions {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @param args latin1 words, binary-safe.
 * @returns the reply, an error reply included. @throws TribError when no reply came.
 */
export async function callRaw(
  address: NodeAddress,
  args: readonly string[],
  connection: ConnectionOptions,
  options: RawCallOptions = {},
): Promise<Reply> {
  const deadlineMs = options.deadlineMs ?? connection.callDeadlineMs ?? CALL_DEADLINE_MS;
  const where = formatAddress(address);
  const socket = open(connection.natMap?.reachable(address) ?? address, connection);
  const stop = (error: Error): void => void socket.destroy(error);
  const onAbort = (): void =>
    stop(new TribError('INTERRUPTED', `Interrupted while waiting for ${where}.`));
  const late = setTimeout(() => stop(deadlinePassed(where, args, deadlineMs)), deadlineMs);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await opened(socket, where, connection);
    const login = loginWords(connection);
    const replies = readReplies(socket, login === undefined ? 1 : 2);
    socket.write(Buffer.from((login ? encodeRequest(login) : '') + encodeRequest(args), 'latin1'));
    const answers = await replies;
    if (login !== undefined) refuseLogin(answers[0]!, where, connection);
    return answers.at(-1)!;
  } catch (error) {
    if (error instanceof TribError || error instanceof AssertionFailure) throw error;
    throw closedByServer(where, args, error);
  } finally {
    clearTimeout(late);
    options.signal?.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

function open({ host, port }: NodeAddress, { family, tls }: ConnectionOptions): Socket {
  const target = { host, port, ...(family === undefined ? {} : { family }) };
  return tls === undefined ? connectPlain(target) : connectTls({ ...target, ...tlsFor(host, tls) });
}

function opened(socket: Socket, where: string, connection: ConnectionOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })),
      connection.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error instanceof TribError ? error : connectFailure(where, error, connection));
    };
    socket.once('error', fail);
    socket.once(connection.tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.removeListener('error', fail);
      resolve();
    });
  });
}

function readReplies(socket: Socket, count: number): Promise<readonly Reply[]> {
  const decoder = new ReplyDecoder();
  const replies: Reply[] = [];
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      try {
        decoder.push(chunk);
        for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
          replies.push(reply);
        }
        decoder.keep();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(messageOf(error)));
        return;
      }
      if (replies.length >= count) resolve(replies);
    });
    socket.once('error', reject);
    // SHUTDOWN answers by leaving; a login may have been answered before.
    socket.once('close', () => reject(new Error('Connection is closed.')));
  });
}

function loginWords({ username, password }: ConnectionOptions): readonly string[] | undefined {
  if (password === undefined) return undefined;
  const words = username === undefined ? ['AUTH', password] : ['AUTH', username, password];
  return words.map(utf8ToLatin1);
}

function refuseLogin(reply: Reply, where: string, { username }: ConnectionOptions): void {
  if (reply.kind !== 'error') return;
  if (/no password is set|without any password configured/.test(reply.text)) return;
  throw loginRefused(where, username, reply.text);
}
