/**
 * A node in the hands of a test: it can be killed, stopped and started again at the same place, or made to
 * stand still. Its folder belongs to whoever hosts it and survives all of that.
 */
import { mkdirSync } from 'node:fs';
import { RawLink } from '../../client/raw-link.js';
import { formatAddress } from '../../cluster/address.js';
import { utf8ToLatin1 } from '../../kernel/bytes.js';
import { TribError } from '../../kernel/errors.js';
import { type EmbeddedNode, startNode } from '../../node/server/node.js';
import type { Reply } from '../../wire/resp/reply.js';
import type { FaultNetwork, Site } from '../faults/fault-network.js';
import type { Node, TlsFiles } from './api.js';
import { connectionFor, directivesFor } from './connection.js';

export interface HostOptions {
  readonly host: string;
  /** undefined: any free one. */
  readonly port: number | undefined;
  readonly isCluster: boolean;
  readonly password: string | undefined;
  readonly tls: TlsFiles | undefined;
  readonly config: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly network: FaultNetwork;
}

export interface Launched {
  readonly options: HostOptions;
  readonly site: Site;
  readonly embedded: EmbeddedNode;
}

/** Emptying a node takes milliseconds; a replica that is not there would keep it waiting for ever. */
const FLUSH_DEADLINE_MS = 5_000;

export class HostedNode implements Node {
  readonly host: string;
  readonly port: number;
  readonly site: Site;
  readonly #options: HostOptions;
  #embedded: EmbeddedNode;
  #state: Node['state'] = 'running';

  /** @throws TribError ADDRESS_IN_USE, BAD_CONFIG */
  static async start(options: HostOptions): Promise<HostedNode> {
    return new HostedNode(await launch(options));
  }

  constructor({ options, site, embedded }: Launched) {
    this.#options = options;
    this.#embedded = embedded;
    this.site = site;
    this.host = options.host;
    this.port = (options.tls && embedded.tlsPort) ?? embedded.port;
    const { busPort } = embedded;
    options.network.register(site, busPort === undefined ? [this.port] : [this.port, busPort]);
    this.#watch(embedded);
  }

  get address(): string {
    return formatAddress(this);
  }

  get url(): string {
    const { password } = this.#options;
    const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `${this.isTls ? 'rediss' : 'redis'}://${login}${host}:${this.port}`;
  }

  get isTls(): boolean {
    return this.#options.tls !== undefined;
  }

  get state(): Node['state'] {
    return this.#state;
  }

  /** The node itself; of a stopped one what is left of it. */
  get embedded(): EmbeddedNode {
    return this.#embedded;
  }

  async flush(): Promise<void> {
    this.refuseUnless('running', 'flushed');
    const lines = this.#embedded.wings.replication.infoLines();
    const replicaCount = lines.filter((line) => /^slave\d+:.*state=online/.test(line)).length;
    const wait = ['WAIT', String(replicaCount), String(FLUSH_DEADLINE_MS)];
    const [, reached = ''] = await this.call(['FLUSHALL'], wait);
    if (Number(reached) >= replicaCount) return;
    throw new TribError(
      'DEADLINE',
      `${this.address} is empty, but after ${FLUSH_DEADLINE_MS} ms only ${reached} of its ${replicaCount} replicas are.`,
    );
  }

  /** As a client. @returns the replies as text. @throws TribError naming the node, REPLY_ERROR and others. */
  async call(...commands: readonly (readonly string[])[]): Promise<readonly string[]> {
    const link = new RawLink(this.address, this, connectionFor(this.#options));
    try {
      const replies = await link.ask(commands, { deadlineMs: FLUSH_DEADLINE_MS * 2 });
      return replies.map((reply, at) => {
        if (reply.kind !== 'error') return 'value' in reply ? String(reply.value) : textOf(reply);
        const said = `${commands[at]!.join(' ')}: ${reply.text}`;
        throw new TribError('REPLY_ERROR', `${this.address} refuses ${said}`);
      });
    } finally {
      link.close();
    }
  }

  pause(): void {
    this.refuseUnless('running', 'paused');
    this.#state = 'paused';
    this.site.freeze();
    this.#embedded.freeze();
  }

  resume(): void {
    this.refuseUnless('paused', 'resumed');
    this.#goOn();
  }

  kill(): Promise<void> {
    return this.#end((node) => node.kill());
  }

  stop(): Promise<void> {
    return this.#endWell();
  }

  async restart(): Promise<void> {
    await this.#endWell();
    this.#embedded = await start(this.#options, this.site, this.port);
    this.#state = 'running';
    this.#watch(this.#embedded);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** @throws TribError LAB */
  refuseUnless(state: Node['state'], participle: string): void {
    if (this.#state === state) return;
    throw new TribError(
      'LAB',
      `${this.address} cannot be ${participle}: it ${STANDING[this.#state]}.`,
      this.#state === 'stopped' ? { hint: 'restart() starts it again.' } : {},
    );
  }

  #endWell(): Promise<void> {
    // What stands still cannot end in good order.
    return this.#end((node) => (this.#state === 'paused' ? node.kill() : node.stop()));
  }

  async #end(how: (node: EmbeddedNode) => Promise<void>): Promise<void> {
    const ended = how(this.#embedded);
    this.#state = 'stopped';
    // The system hangs up for a process that is no more, also for one that stood still.
    this.site.thaw();
    await ended;
  }

  /** A client's SHUTDOWN ends it as well. */
  #watch(embedded: EmbeddedNode): void {
    void embedded.ended.then(() => {
      if (this.#embedded === embedded) this.#state = 'stopped';
    });
  }

  #goOn(): void {
    this.#state = 'running';
    this.#embedded.thaw();
    this.site.thaw();
  }
}

/** @throws TribError ADDRESS_IN_USE, BAD_CONFIG */
export async function launch(options: HostOptions): Promise<Launched> {
  const site = options.network.newSite();
  return { options, site, embedded: await start(options, site, options.port ?? 0) };
}

function textOf(reply: Reply): string {
  return 'text' in reply ? reply.text : reply.kind;
}

const STANDING = {
  running: 'runs',
  paused: 'is paused',
  stopped: 'has been stopped',
} as const satisfies Record<Node['state'], string>;

function start(options: HostOptions, site: Site, port: number): Promise<EmbeddedNode> {
  const { host, isCluster, folder, password, tls } = options;
  mkdirSync(folder, { recursive: true });
  const secret = password === undefined ? undefined : utf8ToLatin1(password);
  return startNode({
    host,
    ...(tls === undefined ? { port } : { tlsPort: port }),
    cluster: isCluster,
    dir: options.config['dir'] ?? folder,
    isTemporary: true,
    network: site,
    config: {
      save: '',
      ...(secret === undefined ? {} : { requirepass: secret, masterauth: secret }),
      ...(tls === undefined ? {} : directivesFor(tls)),
      ...options.config,
    },
  });
}
