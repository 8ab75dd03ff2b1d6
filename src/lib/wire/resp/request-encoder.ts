/** Commands as clients, replication and MIGRATE send them: an array of bulks, as latin1 text. */
export function encodeRequest(argv: readonly string[]): string {
  let text = `*${argv.length}\r\n`;
  for (const word of argv) text += `$${word.length}\r\n${word}\r\n`;
  return text;
}
