/** What a client says about itself in a cluster, and the way to the cluster's own commands. */
import type { StoreCall } from './store-call.js';

const CLUSTER_DISABLED = 'ERR This instance has cluster support disabled';

export function readonly(call: StoreCall): void {
  setReadonly(call, true);
}

export function readwrite(call: StoreCall): void {
  setReadonly(call, false);
}

function setReadonly(call: StoreCall, isReadonly: boolean): void {
  if (call.wings.cluster === undefined) {
    call.reply.error(CLUSTER_DISABLED);
    return;
  }
  call.client.isReadonly = isReadonly;
  call.reply.status('OK');
}

export function asking(call: StoreCall): void {
  if (call.wings.cluster === undefined) {
    call.reply.error(CLUSTER_DISABLED);
    return;
  }
  call.client.isAsking = true;
  call.reply.status('OK');
}

/** What another node says about slots that move between it and us. */
export function syncSlots(call: StoreCall): void {
  const { argv, client, isReplicated, reply, wings } = call;
  if (wings.cluster === undefined) reply.error(CLUSTER_DISABLED);
  else wings.cluster.synchronize(argv, reply, client, isReplicated);
}

/** Every CLUSTER subcommand: the wing answers. */
export function cluster(call: StoreCall): void {
  if (call.wings.cluster === undefined) call.reply.error(CLUSTER_DISABLED);
  else call.wings.cluster.command(call.argv, call.reply, call.client);
}
