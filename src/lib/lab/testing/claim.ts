/**
 * What a node believes of its cluster. Nodes in this process need not be asked over sockets for it, nor can
 * one of them be too busy to answer.
 */
import { parseFacts } from '../../cluster/facts.js';
import type { Claim } from '../../cluster/model.js';
import { parseClusterNodes } from '../../cluster/nodes-reply.js';
import { makeClaim } from '../../cluster/view.js';
import { assert } from '../../kernel/errors.js';
import { ReplyWriter } from '../../wire/resp/reply-writer.js';
import type { HostedNode } from './hosted-node.js';

export function claimOf(node: HostedNode): Claim {
  const parsed = parseClusterNodes(textOf(node, 'NODES'));
  assert(parsed.ok, 'a node understands its own CLUSTER NODES');
  const facts = parseFacts({
    info: node.embedded.wings.replication.infoLines().join('\n'),
    clusterInfo: textOf(node, 'INFO'),
  });
  return makeClaim({ host: node.host, port: node.port }, parsed.value, facts);
}

/** The body of a reply that is one bulk. */
function textOf(node: HostedNode, subcommand: string): string {
  const reply = new ReplyWriter();
  const from = { isTls: node.isTls, db: 0 };
  node.embedded.wings.cluster!.command(['CLUSTER', subcommand], reply, from);
  const text = reply.take();
  return text.slice(text.indexOf('\n') + 1, -'\r\n'.length);
}
