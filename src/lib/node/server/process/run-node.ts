/**
 * `trib node`: the life of one node process, from its arguments to its exit status. Everything after the
 * word `node` is read as redis-server reads it.
 */
import { accessSync, appendFileSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { latin1ToUtf8, utf8ToLatin1 } from '../../../kernel/bytes.js';
import { messageOf, TribError } from '../../../kernel/errors.js';
import type { ShutdownRequest } from '../../ports/host.js';
import { REDIS_VERSION } from '../../ports/version.js';
import type { Log } from '../../ports/wings.js';
import { type EmbeddedNode, startNode } from '../node.js';
import { systemText } from '../persistence/aof-writer.js';
import { isDaemonChild, reportToParent, startDaemon } from './daemon.js';
import { removePidFile, rewriteConfigFile, writePidFile } from './files.js';
import { createLog, type LogRole, logLevelOf } from './log-lines.js';
import { processTitle } from './process-title.js';
import { readStartConfig, type StartConfig } from './read-config.js';
import { onStopSignals } from './stop-signals.js';

export interface NodeProcess {
  readonly version: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Runs until the node ends. @returns the exit status. */
export async function runNode(args: readonly string[], self: NodeProcess): Promise<number> {
  if (args.length === 1 && (args[0] === '-v' || args[0] === '--version')) {
    self.stdout(`Redis server v=${REDIS_VERSION} trib=${self.version} bits=64\n`);
    return 0;
  }
  try {
    const start = readStartConfig(args);
    if (start.config.boolean('daemonize') && !isDaemonChild()) {
      const failure = await startDaemon(start.stdinText);
      if (failure !== undefined) self.stderr(`${failure}\n`);
      return failure === undefined ? 0 : 1;
    }
    return await serve(start, self);
  } catch (error) {
    if (!(error instanceof TribError)) {
      if (isDaemonChild()) await reportToParent({ kind: 'failed', text: messageOf(error) });
      throw error;
    }
    const isConfig = error.code === 'BAD_CONFIG';
    const title = isConfig ? `*** FATAL CONFIG ERROR (trib ${self.version}) ***\n` : '';
    const text = `${title}${[error.message, ...error.hints].join('\n')}`;
    if (isDaemonChild()) await reportToParent({ kind: 'failed', text });
    else self.stderr(`${text}\n`);
    return 1;
  }
}

async function serve({ config, configFile }: StartConfig, self: NodeProcess): Promise<number> {
  const dir = latin1ToUtf8(config.get('dir') ?? '.');
  const inFolder = (name: string): string => {
    const path = latin1ToUtf8(config.get(name) ?? '');
    return path === '' ? '' : resolve(dir, path);
  };
  let node: EmbeddedNode | undefined;
  const role = (): LogRole => {
    if (node === undefined) return 'C';
    return node.wings.replication.role === 'replica' ? 'S' : 'M';
  };
  const logFile = inFolder('logfile');
  checkLogFile(logFile);
  const level = (): ReturnType<typeof logLevelOf> => logLevelOf(config.get('loglevel'));
  const log = createLog({ file: logFile, level, role });
  log('notice', `trib ${self.version} starts a node, pid ${process.pid}`);
  log('notice', configFile === '' ? 'No config file: built-in values' : `Config: ${configFile}`);
  const warn = (): void => {
    for (const warning of config.warnings()) log('warning', `WARNING: ${warning}`);
  };
  warn();
  config.onChange('maxmemory', warn);
  config.rewriteWith(() => rewriteConfigFile(configFile, config));
  let end: (() => void) | undefined;
  // Signals that come while it starts are heard as well: nothing half-started is left behind.
  const stopping = onStopSignals(log, {
    stop: (signal, onRefused) => {
      const words = (config.get(SHUTDOWN_DIRECTIVES[signal]) ?? '').split(' ');
      end = () =>
        node?.wings.host.shutdown(shutdownRequest(words), () => {
          log('warning', `${signal}: the node could not end in good order and goes on`);
          end = undefined;
          onRefused();
        });
      end();
    },
    force: () => process.exit(1),
  });
  try {
    node = await startNode({
      config,
      dir,
      configFile: utf8ToLatin1(configFile),
      log,
      onListening: (listening) => {
        node = listening;
        end?.();
      },
      onShutdown: () => log('notice', 'No more writes are taken, the node is to end'),
    });
  } catch (error) {
    stopping.release();
    log('warning', messageOf(error));
    throw error;
  }
  const pidFile = inFolder('pidfile');
  const pidFailure = pidFile === '' ? undefined : writePidFile(pidFile, process.pid);
  if (pidFailure !== undefined) log('warning', `WARNING: pid file not written: ${pidFailure}`);
  const hasPidFile = pidFile !== '' && pidFailure === undefined;
  if (!stopping.isAsked) announce(node, log);
  if (config.boolean('set-proc-title'))
    process.title = processTitle(config, node.port, node.tlsPort ?? 0);
  if (isDaemonChild()) await reportToParent({ kind: 'listening' });
  await node.ended;
  stopping.release();
  if (hasPidFile) removePidFile(pidFile);
  log('notice', 'The node has ended');
  return node.failure === undefined ? 0 : 1;
}

const SHUTDOWN_DIRECTIVES = {
  SIGTERM: 'shutdown-on-sigterm',
  SIGINT: 'shutdown-on-sigint',
} as const;

/** The value of `shutdown-on-sigterm` and its like, as what SHUTDOWN is given. */
function shutdownRequest(words: readonly string[]): ShutdownRequest {
  const save = words.includes('save') ? 'save' : words.includes('nosave') ? 'nosave' : 'default';
  return { save, now: words.includes('now'), force: words.includes('force') };
}

/** A log that cannot be written is found out before anything is said to it. */
function checkLogFile(path: string): void {
  if (path === '') return;
  try {
    appendFileSync(path, '');
    accessSync(path, constants.W_OK);
  } catch (error) {
    const why = systemText(error as NodeJS.ErrnoException);
    throw new TribError('BAD_CONFIG', `cannot open the log file ${path}: ${why}`, {
      cause: error,
    });
  }
}

function announce(node: EmbeddedNode, log: Log): void {
  const { port, tlsPort, busPort, wings } = node;
  const ports = [
    port === 0 ? [] : [`port ${port}`],
    tlsPort === undefined ? [] : [`port ${tlsPort} (TLS)`],
  ];
  const mode =
    wings.cluster === undefined
      ? 'standalone'
      : `cluster mode, node ${wings.cluster.myId}, bus port ${busPort ?? '?'}`;
  const bind = wings.config.get('bind') ?? '';
  log(
    'notice',
    `Listening on ${ports.flat().join(' and ')} of ${bind} (${mode}), pid ${process.pid}`,
  );
  log('notice', 'Ready to accept connections');
}
