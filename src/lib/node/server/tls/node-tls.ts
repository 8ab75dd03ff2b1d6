/**
 * TLS of one node: the certificates in force, doors for who comes in, and ways out to other nodes.
 * What CONFIG SET changes is tried first; when it does not work, what was in force stays so.
 */
import { connect } from 'node:tls';
import { assert, TribError } from '../../../kernel/errors.js';
import type { Configuration } from '../../config/configuration.js';
import { TLS_DIRECTIVES } from '../../config/directives/tls.js';
import type { Log } from '../../ports/wings.js';
import { type Dial, plainDial } from '../dial.js';
import type { Destination, Network, PeerSocket } from '../network.js';
import { readContexts, type TlsContexts } from './contexts.js';
import { type ClientAuth, HANDSHAKE_MS, TlsDoor, type TlsDoorOptions } from './door.js';

export interface NodeTlsOptions {
  /** Clients will be served over it, at a port that is not known yet. */
  readonly isServed: boolean;
  readonly config: Configuration;
  /** Where relative paths begin. */
  readonly dir: string;
  readonly network: Network;
  readonly log: Log;
}

export class NodeTls {
  readonly #options: NodeTlsOptions;
  #contexts: TlsContexts | undefined;

  /** @throws TribError BAD_CONFIG: TLS is asked for, and cannot be had from these files. */
  constructor(options: NodeTlsOptions) {
    this.#options = options;
    const { config } = options;
    if (this.#isWanted) {
      const wrong = this.#read();
      if (wrong !== undefined) {
        throw new TribError('BAD_CONFIG', `${wrong}\nFailed to configure TLS.`, {
          hint: 'Look at the tls-* directives and the files they name.',
        });
      }
    }
    const apply = (): string | undefined => this.#apply();
    for (const { name } of TLS_DIRECTIVES) if (name !== 'tls-port') config.applyWith(name, apply);
  }

  /** For the client port: who must show a certificate is what tls-auth-clients says at that time. */
  clientDoor(options: Pick<TlsDoorOptions, 'onSecure' | 'onFailed'>): TlsDoor {
    const { config } = this.#options;
    const clientAuth = (): ClientAuth => config.get('tls-auth-clients') as ClientAuth;
    return new TlsDoor({ ...options, contexts: () => this.#inForce, clientAuth });
  }

  /** On the bus everybody must show one. */
  busDoor(options: Pick<TlsDoorOptions, 'onSecure' | 'onFailed'>): TlsDoor {
    return new TlsDoor({ ...options, contexts: () => this.#inForce, clientAuth: () => 'yes' });
  }

  /** Over TLS while the directive says yes. */
  dial(directive: 'tls-cluster' | 'tls-replication'): Dial {
    const { config, network } = this.#options;
    const dialPlain = plainDial(network);
    return (to, onOpen) =>
      config.boolean(directive) ? this.#dialSecure(to, onOpen) : dialPlain(to, onOpen);
  }

  /**
   * Nodes know each other by address, and certificates rarely name those: who signed it is what counts, as
   * between real servers.
   */
  #dialSecure(to: Destination, onOpen: () => void): PeerSocket {
    const { client: secureContext } = this.#inForce;
    const raw = this.#options.network.connect(to);
    const secure = connect({ socket: raw, secureContext, checkServerIdentity: () => undefined });
    let timer: NodeJS.Timeout | undefined;
    raw.once('connect', () => {
      timer = setTimeout(
        () => secure.destroy(new Error('the handshake takes too long')),
        HANDSHAKE_MS,
      );
    });
    secure.once('secureConnect', () => {
      clearTimeout(timer);
      onOpen();
    });
    secure.once('close', () => {
      clearTimeout(timer);
      raw.destroy();
    });
    return secure;
  }

  get #inForce(): TlsContexts {
    assert(this.#contexts !== undefined, 'TLS is used without certificates');
    return this.#contexts;
  }

  get #isWanted(): boolean {
    const { config } = this.#options;
    const isOut = config.boolean('tls-cluster') || config.boolean('tls-replication');
    return this.#options.isServed || isOut || config.number('tls-port') !== 0;
  }

  #apply(): string | undefined {
    const wrong = this.#isWanted ? this.#read() : undefined;
    if (wrong === undefined) return undefined;
    this.#options.log('warning', wrong);
    return 'Unable to update TLS configuration. Check server logs.';
  }

  #read(): string | undefined {
    const contexts = readContexts(this.#options.config, this.#options.dir);
    if (!contexts.ok) return contexts.error;
    this.#contexts = contexts.value;
    return undefined;
  }
}
