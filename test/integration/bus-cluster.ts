/**
 * Clusters of embedded and real nodes side by side, for the tests of the bus: every node is asked over a
 * plain connection, the same way whatever it is made of.
 */
import { after } from 'mocha';
import { type EmbeddedNode, startNode } from '../../src/lib/node/server/node.js';
import type { Reply } from '../../src/lib/wire/resp/reply.js';
import { RespClient, show } from '../node/resp-client.js';
import { freePort } from '../support/free-port.js';
import { type RealServer, startRealServer } from '../support/real-server.js';
import { waitUntil } from '../support/wait.js';

export interface Peer {
  readonly kind: 'embedded' | 'real';
  readonly port: number;
  /** 0 without TLS. */
  readonly tlsPort: number;
  readonly id: string;
  /** A reply as text; bulks and verbatim texts plain, everything else as `show` has it. */
  ask(...argv: string[]): Promise<string>;
  call(...argv: string[]): Promise<Reply>;
  /** Ends it like a crash. */
  kill(): Promise<void>;
  readonly embedded: EmbeddedNode | undefined;
  readonly real: RealServer | undefined;
}

export interface PeerOptions {
  readonly nodeTimeoutMs?: number;
  readonly config?: Readonly<Record<string, string>>;
  readonly dir?: string;
  readonly port?: number;
  /** A TLS port of its own for each, beside the plain one, with these directives. */
  readonly tls?: Readonly<Record<string, string>>;
}

async function withTls({ tls, ...options }: PeerOptions): Promise<PeerOptions> {
  if (tls === undefined) return options;
  const config = { ...options.config, 'tls-port': String(await freePort()), ...tls };
  return { ...options, config };
}

/** Peers of one test file, ended whatever happens. */
export class PeerPool {
  readonly #ends: (() => Promise<void>)[] = [];

  constructor() {
    after(() => this.stop());
  }

  async start(kinds: readonly Peer['kind'][], options: PeerOptions = {}): Promise<Peer[]> {
    return Promise.all(
      kinds.map((kind) => (kind === 'real' ? this.real(options) : this.embedded(options))),
    );
  }

  async real(options: PeerOptions): Promise<Peer> {
    const { nodeTimeoutMs = 1000, ...rest } = await withTls(options);
    const server = await startRealServer({ nodeTimeoutMs, ...rest });
    return this.#peer('real', server.port, () => server.stop(), { real: server });
  }

  async embedded(options: PeerOptions): Promise<Peer> {
    const { nodeTimeoutMs = 1000, config, dir, port = 0 } = await withTls(options);
    const node = await startNode({
      cluster: true,
      port,
      config: { 'cluster-node-timeout': String(nodeTimeoutMs), ...config },
      ...(dir === undefined ? {} : { dir }),
    });
    return this.#peer('embedded', node.port, () => node.kill(), { embedded: node });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#ends.splice(0).map((end) => end()));
  }

  async #peer(
    kind: Peer['kind'],
    port: number,
    end: () => Promise<void>,
    of: { embedded?: EmbeddedNode; real?: RealServer },
  ): Promise<Peer> {
    this.#ends.push(end);
    const client = await RespClient.open(port);
    this.#ends.push(() => {
      client.close();
      return Promise.resolve();
    });
    const call = (...argv: string[]): Promise<Reply> => client.call(...argv);
    const ask = async (...argv: string[]): Promise<string> => plain(await call(...argv));
    const id = await ask('CLUSTER', 'MYID');
    const tlsPort = Number(await tlsPortOf(call));
    return { kind, port, tlsPort, id, ask, call, kill: end, embedded: of.embedded, real: of.real };
  }
}

async function tlsPortOf(call: Peer['call']): Promise<string> {
  const reply = await call('CONFIG', 'GET', 'tls-port');
  const value = reply.kind === 'array' ? reply.items[1] : undefined;
  return value?.kind === 'bulk' ? value.text : '0';
}

function plain(reply: Reply): string {
  return reply.kind === 'bulk' || reply.kind === 'verbatim' ? reply.text : show(reply);
}

/** One line of CLUSTER NODES, cut. */
export interface Line {
  readonly id: string;
  readonly address: string;
  readonly flags: readonly string[];
  readonly primary: string;
  readonly epoch: number;
  readonly link: string;
  readonly slots: string;
}

export async function linesOf(peer: Peer): Promise<Line[]> {
  const text = await peer.ask('CLUSTER', 'NODES');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [id, address, flags, primary, , , epoch, link, ...slots] = line.split(' ');
      return {
        id: id!,
        address: address!,
        flags: flags!.split(',').filter((flag) => flag !== 'myself'),
        primary: primary!,
        epoch: Number(epoch),
        link: link!,
        slots: slots.filter((slot) => !slot.startsWith('[')).join(' '),
      };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

export async function lineAbout(peer: Peer, about: Peer | string): Promise<Line | undefined> {
  const id = typeof about === 'string' ? about : about.id;
  return (await linesOf(peer)).find((line) => line.id === id);
}

export async function infoOf(peer: Peer, name: string): Promise<string | undefined> {
  const text = await peer.ask('CLUSTER', 'INFO');
  return text
    .split('\r\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1);
}

/** Slots, roles, epochs and addresses as all see them; throws where two differ. */
export async function agreedView(peers: readonly Peer[]): Promise<string> {
  const views = await Promise.all(
    peers.map(async (peer) =>
      (await linesOf(peer))
        .map(({ id, address, flags, primary, epoch, slots }) =>
          [id.slice(0, 8), address, flags.join(), primary.slice(0, 8), epoch, slots].join(' '),
        )
        .join('\n'),
    ),
  );
  const odd = views.findIndex((view) => view !== views[0]);
  if (odd >= 0)
    throw new Error(`views differ:\n${views[0]}\n--- ${peers[odd]!.port}\n${views[odd]}`);
  return views[0]!;
}

/** Everybody knows everybody, nobody is suspected, all say ok and hold one view. */
export async function settled(peers: readonly Peer[], deadlineMs = 15_000): Promise<void> {
  await waitUntil(
    `${peers.length} nodes agree`,
    async () => {
      for (const peer of peers) {
        if ((await infoOf(peer, 'cluster_state')) !== 'ok') throw new Error(`${peer.port} is down`);
        const lines = await linesOf(peer);
        if (lines.length !== peers.length) throw new Error(`${peer.port} knows ${lines.length}`);
        const odd = lines.find(
          ({ flags, link }) => !/^(master|slave)$/.test(flags.join()) || link !== 'connected',
        );
        if (odd)
          throw new Error(`${peer.port} sees ${odd.address} ${odd.flags.join()} ${odd.link}`);
      }
      await agreedView(peers);
      return true;
    },
    deadlineMs,
  );
}

/** Even shares, as pairs of first and last slot. */
const evenShares = (count: number): readonly (readonly number[])[] =>
  Array.from({ length: count }, (_, index) => [
    Math.round((index * 16_384) / count),
    Math.round(((index + 1) * 16_384) / count) - 1,
  ]);

/** MEET from the first, slots dealt out among the primaries, then the replicas. */
export async function form(
  primaries: readonly Peer[],
  replicas: readonly { readonly peer: Peer; readonly of: Peer }[] = [],
  shares = evenShares(primaries.length),
  meetingPort: (peer: Peer) => number = ({ port }) => port,
): Promise<void> {
  const all = [...primaries, ...replicas.map(({ peer }) => peer)];
  for (const [index, peer] of all.entries()) {
    await expectOk(peer, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
  }
  for (const [index, peer] of primaries.entries()) {
    await expectOk(peer, 'CLUSTER', 'ADDSLOTSRANGE', ...shares[index]!.map(String));
  }
  for (const peer of all.slice(1)) {
    await expectOk(all[0]!, 'CLUSTER', 'MEET', '127.0.0.1', String(meetingPort(peer)));
  }
  await waitUntil('everybody knows everybody', async () => {
    for (const peer of all) {
      const lines = await linesOf(peer);
      const known = lines.filter(({ flags }) => !flags.includes('handshake'));
      if (known.length !== all.length) throw new Error(`${peer.port} knows ${known.length}`);
    }
    return true;
  });
  for (const { peer, of } of replicas) await expectOk(peer, 'CLUSTER', 'REPLICATE', of.id);
  await settled(all);
}

export async function expectOk(peer: Peer, ...argv: string[]): Promise<void> {
  const answer = await peer.ask(...argv);
  if (answer !== '+OK') throw new Error(`${peer.kind} ${peer.port}: ${argv.join(' ')}: ${answer}`);
}
