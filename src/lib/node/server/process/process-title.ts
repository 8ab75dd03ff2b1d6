/** What `ps` shows, from proc-title-template. */
import type { ConfigWing } from '../../ports/wings.js';

export function processTitle(config: ConfigWing, port: number, tlsPort: number): string {
  const address = (config.get('bind') ?? '').split(' ')[0]?.replace(/^-/, '') ?? '';
  const values: Readonly<Record<string, string>> = {
    title: 'trib-node',
    'listen-addr': `${address === '' ? '*' : address}:${port || tlsPort}`,
    'server-mode': config.boolean('cluster-enabled') ? '[cluster]' : '',
    port: String(port),
    'tls-port': String(tlsPort),
    unixsocket: '',
    'config-file': '',
  };
  const template = config.get('proc-title-template') ?? '{title}';
  return template.replace(/\{([^}]*)\}/g, (_, name: string) => values[name] ?? '').trimEnd();
}
