/** What single-word directives refuse, in redis-server's words. */

export function checkName(
  directive: string,
  kind: 'filename' | 'dirname',
  value: string,
): string | undefined {
  return value.includes('/') ? `${directive} can't be a path, just a ${kind}` : undefined;
}

const HOSTNAME_LENGTH_MAX = 255;

export function checkHostname(value: string): string | undefined {
  if (value.length > HOSTNAME_LENGTH_MAX) return 'Hostnames must be less than 256 characters';
  if (/^[A-Za-z0-9.-]*$/.test(value)) return undefined;
  return 'Hostnames may only contain alphanumeric characters, hyphens or dots';
}

const TITLE_VARIABLES: ReadonlySet<string> = new Set([
  'title',
  'listen-addr',
  'server-mode',
  'port',
  'tls-port',
  'unixsocket',
  'config-file',
]);

export function checkProcTitle(value: string): string | undefined {
  const outside = value.replace(/\{([^{}]*)\}/g, (whole, name: string) =>
    TITLE_VARIABLES.has(name) ? '' : whole,
  );
  const isFine = value !== '' && !outside.includes('{');
  return isFine ? undefined : 'template format is invalid or contains unknown variables';
}
