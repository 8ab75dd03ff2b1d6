/** What the publish and subscribe commands do. Their table is in `pubsub.ts`. */
import type { Subscriptions } from '../ports/session.js';
import { compileGlob } from '../../kernel/glob.js';
import { wrongWords } from './arguments.js';
import type { StoreCall } from './store-call.js';

type Kind = keyof Subscriptions;

export function subscribe(call: StoreCall): void {
  enter(call, 'channels', 'subscribe');
}

export function psubscribe(call: StoreCall): void {
  enter(call, 'patterns', 'psubscribe');
}

export function ssubscribe(call: StoreCall): void {
  enter(call, 'shardChannels', 'ssubscribe');
}

export function unsubscribe(call: StoreCall): void {
  leave(call, 'channels', 'unsubscribe');
}

export function punsubscribe(call: StoreCall): void {
  leave(call, 'patterns', 'punsubscribe');
}

export function sunsubscribe(call: StoreCall): void {
  leave(call, 'shardChannels', 'sunsubscribe');
}

function enter(call: StoreCall, kind: Kind, word: string): void {
  for (const channel of call.argv.slice(1)) {
    call.sessions.subscribe(call.client, kind, channel);
    confirm(call, word, channel, countOf(call, kind));
  }
}

function leave(call: StoreCall, kind: Kind, word: string): void {
  const { argv, client, sessions } = call;
  const channels = argv.length > 1 ? argv.slice(1) : [...client.subscriptions[kind]];
  for (const channel of channels) {
    sessions.unsubscribe(client, kind, channel);
    confirm(call, word, channel, countOf(call, kind));
  }
  if (channels.length === 0) confirm(call, word, undefined, countOf(call, kind));
}

/** Shard channels are counted by themselves. */
function countOf({ client }: StoreCall, kind: Kind): number {
  const { channels, patterns, shardChannels } = client.subscriptions;
  return kind === 'shardChannels' ? shardChannels.size : channels.size + patterns.size;
}

/** One push per channel: the number of replies is the number of channels. */
function confirm(
  { reply }: StoreCall,
  word: string,
  channel: string | undefined,
  count: number,
): void {
  reply.push(3);
  reply.bulk(word);
  if (channel === undefined) reply.null();
  else reply.bulk(channel);
  reply.integer(count);
}

export function publish(call: StoreCall): void {
  send(call, false);
}

export function spublish(call: StoreCall): void {
  send(call, true);
}

function send(call: StoreCall, sharded: boolean): void {
  const { argv, sessions, wings } = call;
  const channel = argv[1]!;
  const message = argv[2]!;
  const reached = sessions.publish(channel, message, sharded);
  // Over the bus in a cluster, down the stream otherwise: replicas have subscribers too.
  if (wings.cluster !== undefined) wings.cluster.publish(channel, message, sharded);
  else call.propagate(...argv);
  call.reply.integer(reached);
}

export function pubsubChannels(call: StoreCall): void {
  listChannels(call, 'channels');
}

export function pubsubShardchannels(call: StoreCall): void {
  listChannels(call, 'shardChannels');
}

function listChannels(call: StoreCall, kind: Kind): void {
  if (call.argv.length > 3) {
    call.reply.error(wrongWords(call.argv));
    return;
  }
  const matches = compileGlob(call.argv[2] ?? '*');
  const found = [...call.sessions.channels(kind).keys()].filter(matches);
  call.reply.array(found.length);
  for (const channel of found) call.reply.bulk(channel);
}

export function pubsubNumsub(call: StoreCall): void {
  countSubscribers(call, 'channels');
}

export function pubsubShardnumsub(call: StoreCall): void {
  countSubscribers(call, 'shardChannels');
}

function countSubscribers(call: StoreCall, kind: Kind): void {
  const channels = call.argv.slice(2);
  call.reply.array(channels.length * 2);
  for (const channel of channels) {
    call.reply.bulk(channel);
    call.reply.integer(call.sessions.channels(kind).get(channel)?.size ?? 0);
  }
}

export function pubsubNumpat(call: StoreCall): void {
  call.reply.integer(call.sessions.channels('patterns').size);
}

export function pubsub(call: StoreCall): void {
  call.reply.error("ERR wrong number of arguments for 'pubsub' command");
}
