/** The process a node lives in, as INFO and a few commands see it. */
import { arch, release, totalmem, type } from 'node:os';
import type { CommandShape } from '../ports/command-shape.js';
import type { HostPort, MemoryFacts, ShutdownRequest } from '../ports/host.js';

export interface HostOptions {
  readonly runId: string;
  readonly startedAtMs: number;
  readonly configFile: string;
  readonly tribVersion: string;
  readonly commands: () => readonly CommandShape[];
  readonly shutdown: (request: ShutdownRequest, onRefused: () => void) => void;
  readonly abortShutdown: () => boolean;
  readonly setActiveExpire: (isOn: boolean) => void;
}

export function createHost(options: HostOptions): HostPort {
  return {
    pid: process.pid,
    runId: options.runId,
    startedAtMs: options.startedAtMs,
    executable: process.execPath,
    configFile: options.configFile,
    operatingSystem: `${type()} ${release()} ${arch()}`,
    tribVersion: options.tribVersion,
    commands: options.commands,
    memory: (): MemoryFacts => {
      const { heapUsed, heapTotal, external, rss } = process.memoryUsage();
      return {
        heapUsedBytes: heapUsed + external,
        rssBytes: rss,
        heapTotalBytes: heapTotal,
        systemBytes: totalmem(),
      };
    },
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return { userMicros: user, systemMicros: system };
    },
    shutdown: options.shutdown,
    abortShutdown: options.abortShutdown,
    freeze,
    setActiveExpire: options.setActiveExpire,
  };
}

/** Real servers sleep in their only thread; so does this, with every node of the process. */
function freeze(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
