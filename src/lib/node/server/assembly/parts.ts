/**
 * The parts of one node, side by side, in the order in which each finds what it stands on. Only two knots are
 * tied later: wings use what runs commands (`late.ts`), and the bus begins when there is a client port.
 */
import { randomBytes } from 'node:crypto';
import { memoryAccount } from '../../commands/memory-account.js';
import { commandsOf } from '../../commands/persona-commands.js';
import { personaOf } from '../../ports/persona.js';
import { TRIB_VERSION } from '../../ports/version.js';
import { ALL_COMMANDS } from '../all-commands.js';
import { ClientService } from '../client-service.js';
import { CommandStreams } from '../command-streams.js';
import { CommandTable } from '../command-table.js';
import { Cron } from '../cron.js';
import { createHost } from '../host.js';
import type { RunningPersistence } from '../persistence/options.js';
import type { Transfer } from '../replication/transfer.js';
import type { RunningReplication } from '../replication/wing.js';
import type { Shutdown } from '../shutdown.js';
import type { SlotTransfers } from '../slot-transfer/wing.js';
import { assembleClients, type Clients } from './clients.js';
import { assembleSlotTransfers, type WingsBeforeBus } from './cluster.js';
import { createDataWing } from './data-wing.js';
import { assembleEngine, type Engine } from './engine.js';
import { type Ground, layGround } from './ground.js';
import type { Late } from './late.js';
import type { AssemblyOptions } from './options.js';
import { assemblePersistence, assembleShutdown } from './persistence.js';
import { assembleReplication, assembleTransfer } from './replication.js';

/** What parts ask of the node as a whole. */
export interface NodeControl {
  /** It cannot keep its word any more, and ends at once. */
  readonly onFatal: (reason: string) => void;
  /** SHUTDOWN has done what is to be done before. */
  readonly end: () => void;
  readonly mayEnter: () => boolean;
}

export class NodeParts implements Late {
  readonly ground: Ground;
  readonly clients: Clients;
  /** MIGRATE's sockets. */
  readonly transfer: Transfer;
  readonly slotTransfers: SlotTransfers | undefined;
  readonly replication: RunningReplication;
  readonly persistence: RunningPersistence;
  readonly shutdown: Shutdown;
  readonly wings: WingsBeforeBus;
  readonly engine: Engine;
  readonly service: ClientService;
  readonly streams: CommandStreams;
  readonly cron: Cron;

  /** @throws TribError BAD_CONFIG */
  constructor(options: AssemblyOptions, control: NodeControl) {
    const ground = (this.ground = layGround(options, control.onFatal));
    const { config, log, keyspace, stats } = ground;
    const clients = (this.clients = assembleClients(ground, (connection) =>
      this.engine.runner.runTransaction(connection),
    ));
    const { sessions, waiting } = clients;
    const table = new CommandTable(commandsOf(personaOf(config), ALL_COMMANDS));
    const data = createDataWing(ground, clients, this);
    this.transfer = assembleTransfer(ground, clients);
    this.slotTransfers = assembleSlotTransfers(ground, clients, table, this);
    const replication = (this.replication = assembleReplication(ground, clients, {
      data,
      ports: () => this.service.ports,
      late: this,
    }));
    const persistence = (this.persistence = assemblePersistence(ground, replication, this));
    this.shutdown = assembleShutdown(ground, clients, {
      persistence,
      replication,
      end: control.end,
    });
    this.wings = {
      data,
      replication,
      replicas: replication,
      transfer: this.transfer,
      persistence,
      cluster: undefined,
      config,
      host: createHost({
        runId: randomBytes(20).toString('hex'),
        startedAtMs: Date.now(),
        configFile: options.configFile,
        tribVersion: TRIB_VERSION,
        commands: () => table.specs,
        shutdown: (request, onRefused) => {
          options.onShutdown();
          this.shutdown.begin(request, onRefused);
        },
        abortShutdown: () => this.shutdown.abort(),
        setActiveExpire: (isOn) => (this.cron.isExpiring = isOn),
      }),
      stats,
      log,
    };
    this.engine = assembleEngine(ground, clients, {
      table,
      wings: this.wings,
      appender: persistence,
      tap: this.slotTransfers,
    });
    const { network } = options;
    const { mayEnter } = control;
    const { dispatcher, eviction, rules, runner } = this.engine;
    this.service = new ClientService({
      ...ground,
      sessions,
      waiting,
      dispatcher,
      network,
      mayEnter,
    });
    this.streams = new CommandStreams({
      ...ground,
      dispatcher,
      eviction,
      rules,
      owner: this.service,
    });
    this.cron = new Cron({
      keyspace,
      runner,
      sessions,
      rules: ground.rules,
      stats,
      onFault: control.onFatal,
      tick: () => {
        persistence.tick();
        this.shutdown.tick();
        eviction.relieve();
        memoryAccount({ keyspace, sessions, wings: this.wings });
      },
    });
  }
}
