/**
 * A cluster on this machine, made by the very commands a user would type: servers are started, then
 * `create` and `check` run on them as they are.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Flags } from '@oclif/core';
import { TribCommand } from '../../lib/cli/base-command.js';
import { SCHEMA_VERSION } from '../../lib/cli/documents.js';
import { durationFlag } from '../../lib/cli/flags.js';
import { RedisLinks } from '../../lib/client/redis-links.js';
import { formatAddress } from '../../lib/cluster/address.js';
import { TribError } from '../../lib/kernel/errors.js';
import { announceReady, startInBackground } from '../../lib/lab/background.js';
import { formCluster } from '../../lib/lab/form.js';
import { EMBEDDED, Lab } from '../../lib/lab/lab.js';
import { PERSONA_NAMES, type PersonaName } from '../../lib/node/ports/persona.js';
import { type LabNode, type LabState, LabStore } from '../../lib/lab/state.js';
import { statusOf } from '../../lib/lab/status.js';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const FORM_DEADLINE_MS = 60_000;
const DEFAULT_NAME = 'default';

interface UpFlags {
  readonly nodes: number;
  readonly replicas: number;
  readonly port: number | undefined;
  readonly host: string;
  readonly server: string;
  readonly 'node-timeout': number;
  readonly persona: PersonaName;
  readonly name: string;
}

interface UpDocument {
  readonly schemaVersion: number;
  readonly kind: 'lab-up';
  readonly lab: LabState;
}

export default class LabUp extends TribCommand {
  static override summary = 'Start a cluster on this machine: embedded nodes, or real servers.';
  static override description =
    'Stays until Ctrl-C, or goes to the background with --detach. Listens on loopback only, keeps no data.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --nodes 3 --replicas 0 --port 7000 --detach',
    '<%= config.bin %> <%= command.id %> --server redis-server --name real --detach',
  ];
  static override flags = {
    nodes: Flags.integer({ default: 6, min: 1, max: 500, summary: 'how many servers' }),
    replicas: Flags.integer({ default: 1, min: 0, summary: 'replicas per primary' }),
    port: Flags.integer({ min: 1, max: 55_535, summary: 'first client port [default: free ones]' }),
    host: Flags.string({ default: '127.0.0.1', summary: 'loopback address to listen on' }),
    server: Flags.string({
      default: EMBEDDED,
      helpValue: 'BIN',
      summary: 'redis-server, valkey-server or a path; "embedded" needs none',
    }),
    'node-timeout': durationFlag({ default: 5_000, summary: 'cluster-node-timeout of each node' }),
    persona: Flags.option({ options: PERSONA_NAMES, default: 'redis-7.0' as const })({
      summary: 'whose version and commands embedded nodes have',
    }),
    name: Flags.string({ default: DEFAULT_NAME, summary: 'of a lab in the background' }),
    detach: Flags.boolean({ summary: 'return once the cluster is up; `lab down` ends it' }),
    once: Flags.boolean({ exclusive: ['detach'], summary: 'stop by itself after the check' }),
    background: Flags.boolean({ hidden: true }),
  };

  readonly #store = new LabStore();

  async run(): Promise<UpDocument | undefined> {
    const { flags } = await this.parse(LabUp);
    if (flags.detach) return this.#detach(flags.name);
    const stopped = new Promise<void>((resolve) => {
      for (const name of STOP_SIGNALS) process.on(name, () => resolve());
    });
    const until = flags.once ? Promise.resolve() : stopped;
    if (flags.background) {
      const document = await this.#hold(flags, this.#store.folderOf(flags.name), until);
      // Without one it has failed: then the folder is read, and removed, by who started us.
      if (document !== undefined) this.#store.remove(flags.name);
      return document;
    }
    const folder = mkdtempSync(join(tmpdir(), 'trib-lab-'));
    try {
      return await this.#hold(flags, folder, until);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #hold(
    flags: UpFlags & { readonly background: boolean; readonly once: boolean },
    folder: string,
    until: Promise<void>,
  ): Promise<UpDocument | undefined> {
    const { nodes, host, port, server } = flags;
    if (server !== EMBEDDED && flags.persona !== 'redis-7.0') {
      throw new TribError('USAGE', `A persona is for embedded nodes; ${server} is what it is.`);
    }
    const kind = server === EMBEDDED ? 'embedded nodes' : `${server} processes`;
    this.say([`>>> Starting ${nodes} ${kind} on ${host}`]);
    const nodeTimeoutMs = flags['node-timeout'];
    const options = { nodeCount: nodes, host, port, server, folder, nodeTimeoutMs };
    const lab = await Lab.start({ ...options, persona: flags.persona });
    try {
      if (!(await this.#form(lab, flags.replicas))) return undefined;
      const state = await this.#stateOf(lab, flags, folder);
      if (flags.background) {
        this.#store.write(state);
        announceReady();
      } else if (!flags.once) this.say(this.#directions(lab));
      await until;
      return { schemaVersion: SCHEMA_VERSION, kind: 'lab-up', lab: state };
    } finally {
      await lab.stop();
    }
  }

  /** `create` and `check`, word for word. Answers false when one of them has failed, and has said so. */
  async #form(lab: Lab, replicas: number): Promise<boolean> {
    if (this.jsonEnabled()) {
      await formCluster(lab.addresses, {
        replicasPerPrimary: replicas,
        deadlineMs: FORM_DEADLINE_MS,
      });
      return true;
    }
    const addresses = lab.addresses.map(formatAddress);
    const words = [...addresses, '--replicas', String(replicas), '--yes'];
    this.say([`>>> trib create ${words.join(' ')}`]);
    await this.config.runCommand('create', words);
    if (Number(process.exitCode ?? 0) !== 0) return false;
    this.say([`>>> trib check ${addresses[0]!}`]);
    await this.config.runCommand('check', [addresses[0]!]);
    return Number(process.exitCode ?? 0) === 0;
  }

  async #stateOf(lab: Lab, flags: UpFlags, folder: string): Promise<LabState> {
    const links = new RedisLinks();
    try {
      const nodes = await Promise.all(
        lab.servers.map(async ({ address, pid }): Promise<LabNode> => {
          const id = await links.to(address).call(['CLUSTER', 'MYID']);
          return { id: String(id), address, pid };
        }),
      );
      const { name, server, replicas } = flags;
      const startedAt = new Date().toISOString();
      return { version: 1, name, pid: process.pid, startedAt, server, replicas, nodes, folder };
    } finally {
      links.closeAll();
    }
  }

  #directions(lab: Lab): readonly string[] {
    const script = process.argv[1] ?? '';
    // Called by its script (npm start does) there is no `trib` on the PATH to talk about.
    const trib = /[/\\](?:run|dev)\.js$/.test(script)
      ? `node ${script.replace(/^.*[/\\](bin[/\\])/, '$1')}`
      : this.config.bin;
    const [first] = lab.addresses;
    const address = formatAddress(first!);
    return [
      '>>> The cluster is up. In another terminal:',
      `    ${trib} info ${address}`,
      `    ${trib} call ${address} DBSIZE`,
      `    redis-cli -c -h ${first!.host} -p ${first!.port}    (or any client of Redis Cluster)`,
      '    Ctrl-C stops all nodes.',
    ];
  }

  async #detach(name: string): Promise<UpDocument> {
    await this.#refuseSecond(name);
    const words = [
      'lab',
      'up',
      ...this.argv.filter((word) => word !== '--detach' && word !== '--json'),
    ];
    const said = await startInBackground({
      script: process.argv[1] ?? '',
      words: [...words, '--background'],
      folder: this.#store.folderOf(name),
    });
    const lab = this.#store.read(name);
    if (lab === undefined) throw new TribError('LAB', 'The lab came up and was gone at once.');
    this.say([
      said.trimEnd(),
      `>>> The lab "${name}" runs in the background; \`${this.config.bin} lab down${name === DEFAULT_NAME ? '' : ` --name ${name}`}\` ends it.`,
    ]);
    return { schemaVersion: SCHEMA_VERSION, kind: 'lab-up', lab };
  }

  async #refuseSecond(name: string): Promise<void> {
    const known = this.#store.read(name);
    if (known === undefined) return;
    const links = new RedisLinks();
    try {
      const { state } = await statusOf(known, links);
      if (state === 'gone') return;
      throw new TribError('LAB', `A lab "${name}" is up already, since ${known.startedAt}.`, {
        hint: `End it with \`${this.config.bin} lab down --name ${name}\`, or choose another --name.`,
      });
    } finally {
      links.closeAll();
    }
  }
}
