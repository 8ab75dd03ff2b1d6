/** Every command table in force. A new family joins here, and dispatch, COMMAND and the docs know it. */
import { ACL_COMMANDS } from '../commands/acl.js';
import { BIT_COMMANDS } from '../commands/bits.js';
import { CLIENT_COMMANDS } from '../commands/client.js';
import { CLUSTER_COMMANDS } from '../commands/cluster.js';
import { COMMAND_COMMANDS } from '../commands/command.js';
import { CONFIG_COMMANDS } from '../commands/config.js';
import { CONNECTION_COMMANDS } from '../commands/connection.js';
import { EXPIRY_COMMANDS } from '../commands/expiry.js';
import { FUNCTION_COMMANDS } from '../commands/function.js';
import { HASH_COMMANDS } from '../commands/hashes.js';
import { INFO_COMMANDS } from '../commands/info.js';
import { KEY_COMMANDS } from '../commands/keys.js';
import { PERSISTENCE_COMMANDS } from '../commands/persistence.js';
import { LIST_COMMANDS } from '../commands/lists.js';
import { PUBSUB_COMMANDS } from '../commands/pubsub.js';
import { REPLICATION_COMMANDS } from '../commands/replication.js';
import { SERVER_COMMANDS } from '../commands/server.js';
import { SORTED_SET_RANGE_COMMANDS } from '../commands/sorted-set-ranges.js';
import { SORTED_SET_UNION_COMMANDS } from '../commands/sorted-set-unions.js';
import { SORT_COMMANDS } from '../commands/sort.js';
import { SORTED_SET_COMMANDS } from '../commands/sorted-sets.js';
import { SET_COMMANDS } from '../commands/sets.js';
import type { StoreCommandSpec } from '../commands/store-call.js';
import { STRING_COMMANDS } from '../commands/strings.js';
import { TRANSACTION_COMMANDS } from '../commands/transactions.js';
import { TRANSFER_COMMANDS } from '../commands/transfer.js';

export const ALL_COMMANDS: readonly StoreCommandSpec[] = [
  ...STRING_COMMANDS,
  ...BIT_COMMANDS,
  ...LIST_COMMANDS,
  ...SORTED_SET_COMMANDS,
  ...SORTED_SET_RANGE_COMMANDS,
  ...SORTED_SET_UNION_COMMANDS,
  ...SET_COMMANDS,
  ...HASH_COMMANDS,
  ...KEY_COMMANDS,
  ...SORT_COMMANDS,
  ...EXPIRY_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...CLUSTER_COMMANDS,
  ...CLIENT_COMMANDS,
  ...TRANSACTION_COMMANDS,
  ...PUBSUB_COMMANDS,
  ...CONFIG_COMMANDS,
  ...INFO_COMMANDS,
  ...COMMAND_COMMANDS,
  ...SERVER_COMMANDS,
  ...PERSISTENCE_COMMANDS,
  ...ACL_COMMANDS,
  ...FUNCTION_COMMANDS,
  ...TRANSFER_COMMANDS,
  ...REPLICATION_COMMANDS,
];
