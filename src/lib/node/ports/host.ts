/**
 * The process (or the part of one) that a node lives in, as commands see it: facts that INFO prints and
 * the few things a command can do to its host. The server shell implements it; tests bring a small one.
 */
import type { CommandShape } from './command-shape.js';

/** Of the whole process, whoever else lives in it. */
export interface MemoryFacts {
  /** V8's heap in use plus what buffers hold outside of it. */
  readonly heapUsedBytes: number;
  readonly rssBytes: number;
  readonly heapTotalBytes: number;
  readonly systemBytes: number;
}

export interface CpuFacts {
  readonly userMicros: number;
  readonly systemMicros: number;
}

/** SHUTDOWN's options, as far as they mean something here. */
export interface ShutdownRequest {
  /** Write an RDB file first: asked for, forbidden, or as the save points say. */
  readonly save: 'save' | 'nosave' | 'default';
  /** Do not wait for replicas that lag behind. */
  readonly now: boolean;
  /** Go even when saving fails. */
  readonly force: boolean;
}

export interface HostPort {
  readonly pid: number;
  /** 40 hex digits, new with every start. */
  readonly runId: string;
  readonly startedAtMs: number;
  readonly executable: string;
  /** Absolute path of the config file, or empty. */
  readonly configFile: string;
  /** As INFO's `os` says it: name, release, machine. */
  readonly operatingSystem: string;
  readonly tribVersion: string;
  /** Every command table in force, for COMMAND. */
  commands(): readonly CommandShape[];
  memory(): MemoryFacts;
  cpu(): CpuFacts;
  /** Begin to stop. `onRefused` is called when it will not after all: aborted, or saving failed. */
  shutdown(request: ShutdownRequest, onRefused: () => void): void;
  /** SHUTDOWN ABORT: true when a shutdown was waiting and is not any more. */
  abortShutdown(): boolean;
  /** DEBUG SLEEP: nothing of this node runs for that long. */
  freeze(durationMs: number): void;
  /** DEBUG SET-ACTIVE-EXPIRE. */
  setActiveExpire(isOn: boolean): void;
}
