/**
 * Network namespaces joined by a bridge, each with its own loopback and one address: machines of a small
 * network, for tests where every server wants port 6379 or a cable is pulled. Needs root and iproute2;
 * without them such tests are skipped, except in CI where they fail.
 */
import { execFileSync } from 'node:child_process';

export function hasNamespaces(): boolean {
  try {
    const name = `trib-probe-${process.pid}`;
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return true;
  } catch (error) {
    if (process.env['CI'] === 'true') {
      throw new Error('CI needs root and iproute2 for network namespaces', { cause: error });
    }
    return false;
  }
}

export interface Host {
  readonly address: string;
  readonly namespace: string;
  /** The words that run a program inside: `[...host.prefix, 'redis-server', ...]`. */
  readonly prefix: readonly [string, ...string[]];
  /** Pull the cable, or plug it in again. */
  setLink(state: 'up' | 'down'): void;
}

export interface SmallNetwork {
  readonly hosts: readonly Host[];
  remove(): void;
}

/** `count` hosts, 10.89.X.1 to 10.89.X.count; X is taken from the process id. All else is cut off. */
export function makeNetwork(count: number): SmallNetwork {
  const tag = process.pid % 250;
  const base = `tr${process.pid}`;
  const switchSpace = `${base}sw`;
  const made: string[] = [];
  const remove = (): void => {
    for (const name of made.reverse()) {
      try {
        ip('netns', 'del', name);
      } catch {
        // Gone already; removing is what we want.
      }
    }
    made.length = 0;
  };
  const addSpace = (name: string): void => {
    ip('netns', 'add', name);
    made.push(name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  };
  try {
    // The bridge stands in a namespace of its own, so that nothing on the machine itself changes.
    addSpace(switchSpace);
    ip('-n', switchSpace, 'link', 'add', 'br0', 'type', 'bridge');
    ip('-n', switchSpace, 'link', 'set', 'br0', 'up');
    const hosts = Array.from({ length: count }, (_, index) => {
      const namespace = `${base}h${index + 1}`;
      addSpace(namespace);
      return plugIn(namespace, switchSpace, `port${index + 1}`, `10.89.${tag}.${index + 1}`);
    });
    return { hosts, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function plugIn(namespace: string, switchSpace: string, port: string, address: string): Host {
  const cable = ['type', 'veth', 'peer', 'name', port, 'netns', switchSpace];
  ip('-n', namespace, 'link', 'add', 'eth0', ...cable);
  ip('-n', switchSpace, 'link', 'set', port, 'master', 'br0', 'up');
  ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  ip('-n', namespace, 'link', 'set', 'eth0', 'up');
  return {
    address,
    namespace,
    prefix: ['ip', 'netns', 'exec', namespace],
    setLink: (state) => ip('-n', switchSpace, 'link', 'set', port, state),
  };
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
