/** The publish and subscribe commands as a table; what they do is in `pubsub-operations.ts`. */
import {
  psubscribe,
  publish,
  pubsub,
  pubsubChannels,
  pubsubNumpat,
  pubsubNumsub,
  pubsubShardchannels,
  pubsubShardnumsub,
  punsubscribe,
  spublish,
  ssubscribe,
  subscribe,
  sunsubscribe,
  unsubscribe,
} from './pubsub-operations.js';
import { helpCommand } from './help.js';
import { family } from './spec.js';
import type { StoreCommandSpec } from './store-call.js';

const pubsubFamily = family('pubsub');

export const PUBSUB_COMMANDS: readonly StoreCommandSpec[] = [
  pubsubFamily(
    'subscribe',
    {
      arity: -2,
      flags: 'pubsub noscript loading stale',
      acl: 'pubsub slow',
      since: '2.0.0',
      summary: 'Listens to channels.',
    },
    subscribe,
  ),
  pubsubFamily(
    'psubscribe',
    {
      arity: -2,
      flags: 'pubsub noscript loading stale',
      acl: 'pubsub slow',
      since: '2.0.0',
      summary: 'Listens to channels that match patterns.',
    },
    psubscribe,
  ),
  pubsubFamily(
    'ssubscribe',
    {
      arity: -2,
      flags: 'pubsub noscript loading stale',
      keys: [1, -1, 1],
      acl: 'pubsub slow',
      since: '7.0.0',
      summary: 'Listens to shard channels.',
    },
    ssubscribe,
  ),
  pubsubFamily(
    'unsubscribe',
    {
      arity: -1,
      flags: 'pubsub noscript loading stale',
      acl: 'pubsub slow',
      since: '2.0.0',
      summary: 'Leaves channels.',
    },
    unsubscribe,
  ),
  pubsubFamily(
    'punsubscribe',
    {
      arity: -1,
      flags: 'pubsub noscript loading stale',
      acl: 'pubsub slow',
      since: '2.0.0',
      summary: 'Leaves patterns.',
    },
    punsubscribe,
  ),
  pubsubFamily(
    'sunsubscribe',
    {
      arity: -1,
      flags: 'pubsub noscript loading stale',
      keys: [1, -1, 1],
      acl: 'pubsub slow',
      since: '7.0.0',
      summary: 'Leaves shard channels.',
    },
    sunsubscribe,
  ),
  pubsubFamily(
    'publish',
    {
      arity: 3,
      flags: 'pubsub loading stale fast',
      acl: 'pubsub fast',
      since: '2.0.0',
      summary: 'Sends a message to a channel.',
    },
    publish,
  ),
  pubsubFamily(
    'spublish',
    {
      arity: 3,
      flags: 'pubsub loading stale fast',
      keys: [1, 1, 1],
      acl: 'pubsub fast',
      since: '7.0.0',
      summary: 'Sends a message to a shard channel.',
    },
    spublish,
  ),
  pubsubFamily(
    'pubsub',
    { arity: -2, flags: '', acl: 'slow', since: '2.8.0', summary: 'Facts about channels.' },
    pubsub,
    [
      pubsubFamily(
        'channels',
        {
          arity: -2,
          flags: 'pubsub loading stale',
          acl: 'pubsub slow',
          since: '2.8.0',
          summary: 'Channels somebody listens to.',
        },
        pubsubChannels,
      ),
      pubsubFamily(
        'numpat',
        {
          arity: 2,
          flags: 'pubsub loading stale',
          acl: 'pubsub slow',
          since: '2.8.0',
          summary: 'How many patterns are listened to.',
        },
        pubsubNumpat,
      ),
      pubsubFamily(
        'numsub',
        {
          arity: -2,
          flags: 'pubsub loading stale',
          acl: 'pubsub slow',
          since: '2.8.0',
          summary: 'How many listen to each channel.',
        },
        pubsubNumsub,
      ),
      pubsubFamily(
        'shardchannels',
        {
          arity: -2,
          flags: 'pubsub loading stale',
          acl: 'pubsub slow',
          since: '7.0.0',
          summary: 'Shard channels somebody listens to.',
        },
        pubsubShardchannels,
      ),
      pubsubFamily(
        'shardnumsub',
        {
          arity: -2,
          flags: 'pubsub loading stale',
          acl: 'pubsub slow',
          since: '7.0.0',
          summary: 'How many listen to each shard channel.',
        },
        pubsubShardnumsub,
      ),
      helpCommand('pubsub', { since: '6.2.0', group: 'pubsub' }, [
        ['CHANNELS [<pattern>]', 'Channels with a subscriber (default: all).'],
        ['NUMPAT', 'How many patterns are subscribed to.'],
        ['NUMSUB [<channel> ...]', 'How many subscribers each channel has.'],
        ['SHARDCHANNELS [<pattern>]', 'Shard channels with a subscriber (default: all).'],
        ['SHARDNUMSUB [<shardchannel> ...]', 'How many subscribers each shard channel has.'],
      ]),
    ],
  ),
];
