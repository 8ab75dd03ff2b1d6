/** Every command table in force. A new family joins here, and dispatch, COMMAND and the docs know it. */
import { COMMAND_COMMANDS } from '../commands/command.js';
import { CONFIG_COMMANDS } from '../commands/config.js';
import { CONNECTION_COMMANDS } from '../commands/connection.js';
import { INFO_COMMANDS } from '../commands/info.js';
import type { StoreCommandSpec } from '../commands/store-call.js';
import { STRING_COMMANDS } from '../commands/strings.js';
import { TRANSACTION_COMMANDS } from '../commands/transactions.js';

export const ALL_COMMANDS: readonly StoreCommandSpec[] = [
  ...STRING_COMMANDS,
  ...CONNECTION_COMMANDS,
  ...TRANSACTION_COMMANDS,
  ...CONFIG_COMMANDS,
  ...INFO_COMMANDS,
  ...COMMAND_COMMANDS,
];
