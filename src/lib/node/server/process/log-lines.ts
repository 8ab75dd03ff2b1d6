/**
 * The log of a node process: `pid:role day time level text`, the form log shippers know from redis-server.
 * The file is opened for every line, so that it can be rotated away under us.
 */
import { appendFileSync } from 'node:fs';
import type { Log, LogLevel } from '../../ports/wings.js';

const LEVELS: readonly LogLevel[] = ['debug', 'verbose', 'notice', 'warning'];
const MARKS: Readonly<Record<LogLevel, string>> = {
  debug: '.',
  verbose: '-',
  notice: '*',
  warning: '#',
};
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** M primary, S replica, C a process that is not serving yet. */
export type LogRole = 'M' | 'S' | 'C';

export interface LogLine {
  readonly pid: number;
  readonly role: LogRole;
  readonly at: Date;
  readonly level: LogLevel;
  readonly text: string;
}

/** Local time, as whoever reads it at this machine expects. */
export function formatLogLine({ pid, role, at, level, text }: LogLine): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(at.getDate())} ${MONTHS[at.getMonth()] ?? ''} ${at.getFullYear()}`;
  const millis = String(at.getMilliseconds()).padStart(3, '0');
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${millis}`;
  return `${pid}:${role} ${day} ${time} ${MARKS[level]} ${text.replaceAll('\n', ' ')}`;
}

export interface LogOptions {
  /** Absolute path; empty is the standard output. */
  readonly file: string;
  readonly level: () => LogLevel;
  readonly role: () => LogRole;
}

export function createLog(options: LogOptions): Log {
  return (level, text) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level())) return;
    const line = formatLogLine({
      pid: process.pid,
      role: options.role(),
      at: new Date(),
      level,
      text,
    });
    if (options.file === '') process.stdout.write(`${line}\n`);
    else appendFileSync(options.file, `${line}\n`);
  };
}

export function logLevelOf(text: string | undefined): LogLevel {
  return LEVELS.find((level) => level === text) ?? 'notice';
}
