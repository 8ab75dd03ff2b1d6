/**
 * The reply sink of a connection: one text that grows while the commands of a turn run, and leaves in
 * one write. A JavaScript string is the buffer: appending to it costs a pointer, V8 flattens it once
 * when the socket takes it, and a reply can be withdrawn by putting the old text back (CLIENT REPLY).
 */
import { formatDouble } from './double.js';
import type { ReplySink } from './reply-sink.js';

/** Together with the longest value this stays below what a string can hold. */
const PART_BYTES_MAX = 512 * 1024;

export class ReplyWriter implements ReplySink {
  protocol: 2 | 3 = 2;
  /** Replies not yet taken, as latin1. */
  text = '';
  /** Errors written so far, and the last of them: how dispatch knows that a command failed. */
  errorCount = 0;
  lastError = '';

  /** Earlier parts of one long answer: a JavaScript string ends at half a gigabyte. */
  readonly held: string[] = [];

  /** Everything written since the last held part; the writer is empty afterwards. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  status(text: string): void {
    this.text += `+${text}\r\n`;
  }

  error(text: string): void {
    this.errorCount++;
    this.lastError = text;
    // Client input may be quoted in an error; a line break in it would end the reply early.
    this.text += `-${text.replace(/[\r\n]/g, ' ')}\r\n`;
  }

  integer(value: number | bigint): void {
    this.text += `:${value}\r\n`;
  }

  bulk(latin1: string): void {
    if (this.text.length > PART_BYTES_MAX) this.held.push(this.take());
    this.text += `$${latin1.length}\r\n${latin1}\r\n`;
  }

  null(): void {
    this.text += this.protocol === 3 ? '_\r\n' : '$-1\r\n';
  }

  nullArray(): void {
    this.text += this.protocol === 3 ? '_\r\n' : '*-1\r\n';
  }

  array(length: number): void {
    this.text += `*${length}\r\n`;
  }

  map(pairs: number): void {
    this.text += this.protocol === 3 ? `%${pairs}\r\n` : `*${pairs * 2}\r\n`;
  }

  set(length: number): void {
    this.text += this.protocol === 3 ? `~${length}\r\n` : `*${length}\r\n`;
  }

  push(length: number): void {
    this.text += this.protocol === 3 ? `>${length}\r\n` : `*${length}\r\n`;
  }

  double(value: number): void {
    const digits = formatDouble(value);
    if (this.protocol === 3) this.text += `,${digits}\r\n`;
    else this.bulk(digits);
  }

  boolean(value: boolean): void {
    if (this.protocol === 3) this.text += value ? '#t\r\n' : '#f\r\n';
    else this.integer(value ? 1 : 0);
  }

  verbatim(latin1: string, format: 'txt' | 'mkd' = 'txt'): void {
    if (this.protocol === 3) this.text += `=${latin1.length + 4}\r\n${format}:${latin1}\r\n`;
    else this.bulk(latin1);
  }

  raw(latin1: string): void {
    this.text += latin1;
  }
}
