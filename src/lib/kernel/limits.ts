/** Bounds on everything that comes from outside, each with its reason. Sizes in bytes, times in ms. */

/** `proto-max-bulk-len` of Redis: a longer bulk is a broken peer or an attack. */
export const BULK_BYTES_MAX = 512 * 1024 * 1024;

/**
 * The longest string that can be kept. V8's strings end 24 bytes short of 512 MiB, and a value travels in
 * something longer than itself (a request, a reply, a DUMP payload): a MiB is left for that.
 */
export const STRING_BYTES_MAX = BULK_BYTES_MAX - 1024 * 1024;

/** The longest DUMP payload made: the longest string with a type, a length and a footer, and no more. */
export const PAYLOAD_BYTES_MAX = STRING_BYTES_MAX + 64 * 1024;

/**
 * Redis stops at 2^31 - 1 arguments, and up to there a primary's stream and a file may have any number. V8's
 * arrays are rows of memory up to 2^27; half of that is more than fits beside it in any process.
 */
export const ARGUMENTS_MAX = 64 * 1024 * 1024;

/** A client that has not logged in may send only short things (Redis: 10 arguments of 16 KiB). */
export const UNAUTHENTICATED_ARGUMENTS_MAX = 10;
export const UNAUTHENTICATED_BULK_BYTES_MAX = 16 * 1024;

/** A line without its end (inline command, length prefix) is refused past this, as in Redis. */
export const INLINE_BYTES_MAX = 64 * 1024;

/**
 * The longest bus packet believed. The largest honest ones are a PING of a 1000-node cluster
 * (2256 + 104*1000 bytes and extensions) and a PUBLISH, whose payload a client's bulk limit bounds;
 * 64 MiB leaves room for every publish in earnest and keeps a liar from filling memory.
 */
export const BUS_PACKET_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Nodes that gossip and strangers' MEETs may bring into a roster. Redis advises against more than 1000 and has
 * no bound; each costs a connection and a bitmap of slots, and one liar among the known could vouch for ever
 * new ones. CLUSTER MEET by hand is not bounded.
 */
export const CLUSTER_NODES_MAX = 4096;

/** Admin calls in flight at once over a whole cluster; 1000 nodes are asked in waves of this many. */
export const CONCURRENT_NODES_MAX = 128;

/** Array depth a reply may nest; deeper is garbage. */
export const REPLY_DEPTH_MAX = 128;

/** Random elements with repetition that one command may ask for: the answer is made in one piece. */
export const RANDOM_ELEMENTS_MAX = 2 ** 24;

/**
 * A plan file or a journal holds a picture of the cluster and the steps: some 300 bytes a node and 100 a
 * wave of slots. Of a thousand nodes and every slot on its own that is a few MiB; more was not written by us.
 */
export const PLAN_BYTES_MAX = 64 * 1024 * 1024;
