/** Commands as the slow log and MONITOR show them: passwords among their words are not for other eyes. */

const REDACTED = '(redacted)';

/** Directives whose values are secrets. */
const SECRET_DIRECTIVES: ReadonlySet<string> = new Set([
  'requirepass',
  'masterauth',
  'masteruser',
  'tls-key-file-pass',
  'tls-client-key-file-pass',
]);

/** @param fullName of the command: `auth`, `config|set` */
export function redact(fullName: string, argv: readonly string[]): readonly string[] {
  switch (fullName) {
    case 'auth':
      return argv.map((word, at) => (at === 0 ? word : REDACTED));
    case 'hello':
      return redactAfter(argv, { auth: 2 });
    case 'migrate':
      return redactAfter(argv, { auth: 1, auth2: 2 });
    case 'config|set':
      return argv.map((word, at) => {
        const isValue = at >= 3 && at % 2 === 1;
        return isValue && SECRET_DIRECTIVES.has(argv[at - 1]!.toLowerCase()) ? REDACTED : word;
      });
    default:
      return argv;
  }
}

/** Redacts as many words after an option as it takes. */
function redactAfter(
  argv: readonly string[],
  options: Readonly<Record<string, number>>,
): readonly string[] {
  let left = 0;
  return argv.map((word) => {
    if (left > 0) {
      left--;
      return REDACTED;
    }
    left = options[word.toLowerCase()] ?? 0;
    return word;
  });
}
