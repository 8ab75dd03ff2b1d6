/** The figures for people: Markdown that reads well in a terminal, too. */
import { cpus } from 'node:os';
import { type Figure, verdictOn } from './measure.js';

const HEAD = ['what', 'trib', 'compared with', 'ratio', 'wanted', 'reached', 'runs', 'load'];

export function tableOf(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}

/** What is not reached, and why; empty when everything is. */
export function shortfalls(figures: readonly Figure[]): string {
  return figures
    .filter((figure) => verdictOn(figure).isReached === false)
    .map(({ what, limitedBy }) => `- Not reached: ${what}. ${limitedBy ?? 'Reason unknown.'}`)
    .join('\n');
}

/** The machine without its name: what a reader needs to compare. */
export function machineClass(): string {
  return `${cpus().length} cores, ${process.platform} ${process.arch}, Node ${process.version}`;
}

function rowOf(figure: Figure): string[] {
  const { trib, other, isReached, wanted } = verdictOn(figure);
  const { unit } = figure;
  return [
    figure.what,
    `${round(trib)} ${unit}`,
    other === undefined ? '' : `${figure.other!.name}: ${round(other)} ${unit}`,
    other === undefined ? '' : ratioOf(figure, trib, other),
    wanted,
    isReached === undefined ? '' : isReached ? 'yes' : 'NO',
    String(figure.trib.length),
    figure.load === undefined ? '' : figure.load.toFixed(1),
  ];
}

function ratioOf(figure: Figure, trib: number, other: number): string {
  switch (figure.wanted.kind) {
    case 'times as long':
      return `${(trib / other).toFixed(2)}x as ${figure.unit === 'ms' ? 'long' : 'much'}`;
    case 'share':
    case 'rate':
      return `${(trib / other).toFixed(2)}x`;
    default:
      return `${(other / trib).toFixed(1)}x faster`;
  }
}

function round(value: number): string {
  if (value < 2) return value.toFixed(2);
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
