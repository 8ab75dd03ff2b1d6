/** A running node from beginning to end: ports and files opened in order, and closed whatever goes wrong. */
import { messageOf } from '../../kernel/errors.js';
import type { NodeId } from '../../kernel/node-id.js';
import type { Wings } from '../ports/wings.js';
import { startBus } from './assembly/cluster.js';
import type { AssemblyOptions } from './assembly/options.js';
import { NodeParts } from './assembly/parts.js';
import type { RunningClusterWing } from './bus/options.js';
import type { EmbeddedNode } from './embedded-node.js';

export class RunningNode implements EmbeddedNode {
  readonly dir: string;
  readonly ended: Promise<void>;
  failure: string | undefined;
  readonly #options: AssemblyOptions;
  readonly #parts: NodeParts;
  #bus: RunningClusterWing | undefined;
  #isAccepting = false;
  #stopping: Promise<void> | undefined;
  #markEnded: () => void = () => undefined;

  static async start(options: AssemblyOptions): Promise<EmbeddedNode> {
    const node = new RunningNode(options);
    await node.#open();
    return node;
  }

  private constructor(options: AssemblyOptions) {
    this.#options = options;
    this.dir = options.dir;
    this.ended = new Promise((resolve) => (this.#markEnded = resolve));
    this.#parts = new NodeParts(options, {
      onFatal: (reason) => this.#fail(reason),
      end: () => void (this.#stopping ??= this.#close('after-reply')),
      mayEnter: () => this.#isAccepting && this.#stopping === undefined,
    });
  }

  get host(): string {
    return this.#options.bind[0] ?? '127.0.0.1';
  }

  get port(): number {
    return this.#parts.service.ports.port;
  }

  get tlsPort(): number | undefined {
    return this.#parts.service.tlsPort;
  }

  get busPort(): number | undefined {
    return this.#bus?.busPort;
  }

  get id(): NodeId | undefined {
    return this.wings.cluster?.myId;
  }

  get runId(): string {
    return this.wings.host.runId;
  }

  get wings(): Wings {
    return this.#parts.wings;
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#endInGoodOrder());
  }

  kill(): Promise<void> {
    // Not even a save that `stop` waits for goes on.
    this.#parts.persistence.stop();
    return (this.#stopping ??= this.#close('now'));
  }

  freeze(): void {
    if (this.#stopping !== undefined) return;
    this.#parts.cron.stop();
    this.#parts.replication.freeze();
    this.#bus?.freeze();
  }

  thaw(): void {
    if (this.#stopping !== undefined) return;
    this.#parts.cron.start();
    this.#parts.replication.thaw();
    this.#bus?.thaw();
  }

  async #open(): Promise<void> {
    const { cron, replication } = this.#parts;
    await this.#listen();
    this.#isAccepting = true;
    replication.takeRole();
    this.#options.onListening(this);
    await this.#load();
    if (this.#stopping !== undefined) return;
    this.#bus?.noteLoaded();
    replication.start();
    cron.start();
  }

  async #listen(): Promise<void> {
    const { bind, config, port, anyPort } = this.#options;
    const { ground, service, slotTransfers, wings } = this.#parts;
    const tlsPort = config.number('tls-port');
    if (port === 0 && anyPort === undefined && tlsPort === 0) return;
    await service.listen({
      bind,
      port,
      anyPort,
      tlsPort,
      backlog: config.number('tcp-backlog'),
      startBus: config.boolean('cluster-enabled')
        ? async (ports) =>
            (this.#bus = await startBus(
              this.#options,
              ground,
              { wings, transfers: slotTransfers },
              ports,
            ))
        : undefined,
    });
    // CONFIG GET and INFO tell the port that was taken, not the one that was asked for.
    config.settle('port', String(service.ports.port));
    config.settle('tls-port', String(service.ports.tlsPort));
  }

  /** Clients are let in meanwhile, and hear that they must wait. */
  async #load(): Promise<void> {
    try {
      await this.#parts.persistence.load();
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Going on would break what was promised: as after a crash, what is on disk is all there is. */
  #fail(reason: string): void {
    this.failure ??= reason;
    this.#options.log('warning', `The node ends: ${reason}`);
    void this.kill();
  }

  async #endInGoodOrder(): Promise<void> {
    const { clients, persistence } = this.#parts;
    clients.waiting.pause('shutdown', 'writes', Infinity);
    const failure = await persistence.finish('default').catch(messageOf);
    if (failure !== undefined) {
      this.#options.log('warning', `The node ends without saving: ${failure}`);
    }
    await this.#close('after-reply');
  }

  /** Whatever goes wrong meanwhile, there is an end, and whoever waits for it hears of it. */
  async #close(how: 'now' | 'after-reply'): Promise<void> {
    try {
      await this.#closeAll(how);
      this.#options.cleanUp();
    } catch (error) {
      this.failure ??= `it could not close everything: ${messageOf(error)}`;
      this.#parts.service.noteFault('at the end', error);
    } finally {
      this.#markEnded();
    }
  }

  async #closeAll(how: 'now' | 'after-reply'): Promise<void> {
    const { clients, cron, ground, persistence, replication } = this.#parts;
    const { service, slotTransfers, transfer } = this.#parts;
    cron.stop();
    persistence.stop();
    clients.waiting.close();
    clients.blocked.close();
    transfer.stop();
    slotTransfers?.stop();
    replication.stop();
    const closed = service.close(how);
    ground.turn.close();
    await (how === 'now' ? this.#bus?.kill() : this.#bus?.stop());
    await closed;
  }
}
