import { Flags } from '@oclif/core';
import { formatAddress, takeAddressWords, targetFrom } from '../lib/cluster/address.js';
import type { ClusterView, NodeAddress } from '../lib/cluster/model.js';
import { membersOf } from '../lib/cluster/view.js';
import { CALL_DEADLINE_MS } from '../lib/client/connection-options.js';
import { callRaw } from '../lib/client/raw-link.js';
import { ClusterCommand } from '../lib/cli/cluster-command.js';
import { SCHEMA_VERSION } from '../lib/cli/documents.js';
import { isErrorReply, replyPlain, replyText, type PlainReply } from '../lib/cli/reply-text.js';
import { cutAtOperand } from '../lib/cli/verbatim.js';
import { mapBounded } from '../lib/execute/map-bounded.js';
import { AssertionFailure, messageOf } from '../lib/kernel/errors.js';
import { utf8ToLatin1 } from '../lib/kernel/bytes.js';
import { CONCURRENT_NODES_MAX } from '../lib/kernel/limits.js';
import type { Reply } from '../lib/wire/resp/reply.js';

interface CallDocument {
  readonly schemaVersion: number;
  readonly kind: 'call';
  readonly command: readonly string[];
  readonly replies: readonly {
    readonly id: string;
    readonly address: string;
    readonly reply?: PlainReply;
    readonly failure?: string;
  }[];
}

interface Answer {
  readonly id: string;
  readonly address: string;
  readonly reply: Reply | string;
}

export default class Call extends ClusterCommand {
  static override summary = 'Run one command on every node, and print every reply.';
  static override description =
    'Every word after the node is sent as it is, dashes included. Exit status 1 when a node fails.';
  static override strict = false;
  static override usage = 'call [OPTIONS] HOST:PORT COMMAND [ARGUMENT...]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:7000 CONFIG GET maxmemory',
    '<%= config.bin %> <%= command.id %> --only-replicas 127.0.0.1:7000 DBSIZE',
  ];
  static override flags = {
    'only-masters': Flags.boolean({
      aliases: ['only-primaries', 'cluster-only-masters', 'cluster-only-primaries'],
      summary: 'primaries only',
    }),
    'only-replicas': Flags.boolean({
      aliases: ['cluster-only-replicas'],
      summary: 'replicas only',
      exclusive: ['only-masters'],
    }),
    'last-from-stdin': Flags.boolean({
      char: 'x',
      summary: 'the last word is what the standard input holds',
    }),
    'tag-from-stdin': Flags.string({
      char: 'X' as 'x',
      helpValue: '<tag>',
      summary: 'the word that equals this one is what the standard input holds',
      exclusive: ['last-from-stdin'],
    }),
    here: Flags.boolean({
      summary: 'on the given node alone, not on the whole cluster',
      exclusive: ['only-masters', 'only-replicas'],
    }),
  };

  override async init(): Promise<void> {
    await super.init();
    this.argv = [...cutAtOperand(this.argv, { ...Call.baseFlags, ...Call.flags })];
  }

  async run(): Promise<CallDocument> {
    const { argv, flags } = await this.parse(Call);
    const { text, rest: command } = takeAddressWords(argv.map(String));
    if (text === '') throw this.usage('Which node? Give host:port of any node.');
    if (command.length === 0) throw this.usage('Which command? Give it after the node.');
    const target = targetFrom(text);
    const args = await argumentsOf(command, flags);
    return this.withSession(flags, [target], async (session) => {
      const { view } = await this.lookAt(session, target.address);
      this.say([`>>> Calling ${command.join(' ')}`]);
      const nodes = chosen(view, flags);
      const answers = await mapBounded(nodes, CONCURRENT_NODES_MAX, async ({ id, address }) => {
        const options = {
          deadlineMs: flags.deadline ?? CALL_DEADLINE_MS,
          signal: session.context.signal,
        };
        try {
          const reply = await callRaw(address, args, session.connection, options);
          return { id, address: formatAddress(address), reply };
        } catch (error) {
          if (error instanceof AssertionFailure) throw error;
          return { id, address: formatAddress(address), reply: messageOf(error) };
        }
      });
      this.#show(answers);
      const failed = answers.some(({ reply }) => typeof reply === 'string' || isErrorReply(reply));
      if (failed) this.setStatus(1);
      return { schemaVersion: SCHEMA_VERSION, kind: 'call', command, replies: answers.map(plain) };
    });
  }

  /** Bytes as they came: a reply need not be text. */
  #show(answers: readonly Answer[]): void {
    if (this.jsonEnabled()) return;
    for (const { address, reply } of answers) {
      if (typeof reply === 'string') this.say([`${address}: Failed! ${reply}`]);
      else process.stdout.write(Buffer.from(`${address}: ${replyText(reply)}\n`, 'latin1'));
    }
  }
}

/** Latin1 words; the standard input goes as it is, whatever bytes it holds. */
async function argumentsOf(
  command: readonly string[],
  flags: { readonly 'last-from-stdin': boolean; readonly 'tag-from-stdin'?: string | undefined },
): Promise<readonly string[]> {
  const { 'last-from-stdin': isLast, 'tag-from-stdin': tag } = flags;
  const args = command.map(utf8ToLatin1);
  if (!isLast && tag === undefined) return args;
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const input = Buffer.concat(chunks).toString('latin1');
  if (isLast) return [...args, input];
  return command.map((word, index) => (word === tag ? input : args[index]!));
}

function chosen(
  view: ClusterView,
  flags: {
    readonly here?: boolean;
    readonly 'only-masters'?: boolean;
    readonly 'only-replicas'?: boolean;
  },
): readonly { readonly id: string; readonly address: NodeAddress }[] {
  return membersOf(view).filter(({ id, role, address }) => {
    if (address.host === '') return false;
    if (flags.here === true) return id === view.entryId;
    if (flags['only-masters'] === true) return role === 'primary';
    return flags['only-replicas'] !== true || role === 'replica';
  });
}

function plain({ id, address, reply }: Answer): CallDocument['replies'][number] {
  return typeof reply === 'string'
    ? { id, address, failure: reply }
    : { id, address, reply: replyPlain(reply) };
}
