/**
 * MIGRATE's half that needs sockets: RESTOREs go to the target in one pipeline, and what it confirms is
 * reported back, key by key. A slot is moved in many small MIGRATEs, so connections are kept for a while.
 *
 * A kept connection may have died unseen. Then, and only while the target has confirmed nothing, the whole
 * is tried once more on a new one; after silence it is not, because the target may be at work on it.
 */
import type { MigrateOutcome, MigrateRequest, TransferService } from '../../ports/replication.js';
import type { Reply } from '../../../wire/resp/reply.js';
import { guarded, unattended } from '../fault.js';
import type { TransferOptions } from './options.js';
import { type LinkFault, TransferLink } from './transfer-link.js';

/** As real servers: so many connections kept, so long. */
const RESTING_LINKS_MAX = 64;
const RESTING_MS = 10_000;

const PORT_MAX = 65_535;

export interface Transfer extends TransferService {
  /** Breaks off what is under way and closes every connection. */
  stop(): void;
}

export function createTransfer(options: TransferOptions): Transfer {
  return new LinkedTransfer(options);
}

class LinkedTransfer implements Transfer {
  readonly #options: TransferOptions;
  readonly #links = new Set<TransferLink>();
  readonly #resting = new Map<TransferLink, string>();
  #isStopped = false;

  constructor(options: TransferOptions) {
    this.#options = options;
  }

  migrate(request: MigrateRequest, done: (outcome: MigrateOutcome) => void): void {
    const { heldKeys, onFatal, settle } = this.#options;
    const keys = request.keys.map(({ key }) => key);
    heldKeys.hold(keys);
    const finish = (outcome: MigrateOutcome): void => {
      done(outcome);
      heldKeys.release(keys);
    };
    const end = this.#run(request).then((outcome) =>
      settle(() => guarded(() => finish(outcome), onFatal)),
    );
    unattended(end, onFatal);
  }

  stop(): void {
    this.#isStopped = true;
    for (const link of [...this.#links]) link.close();
  }

  async #run(request: MigrateRequest): Promise<MigrateOutcome> {
    const outcome = await this.#attempt(request, true);
    if (outcome.error !== undefined) {
      this.#options.log('verbose', `MIGRATE to ${request.host}:${request.port}: ${outcome.error}`);
    }
    return outcome;
  }

  async #attempt(request: MigrateRequest, mayRetry: boolean): Promise<MigrateOutcome> {
    if (this.#isStopped || request.port < 0 || request.port > PORT_MAX) {
      return { moved: [], error: ioError('connecting') };
    }
    const link = this.#take(request);
    const preamble = preambleOf(request, link.db);
    const restores = this.#restoresOf(request);
    const { replies, fault } = await link.exchange([...preamble, ...restores], request.timeoutMs);
    const answers = replies.slice(preamble.length);
    const refusal = replies.find(({ kind }) => kind === 'error');
    if (mayRetry && fault?.isBroken === true && answers.length === 0 && refusal === undefined) {
      return this.#attempt(request, false);
    }
    // Without AUTH or SELECT nothing counts as moved, even where the target took it: it may lie elsewhere.
    const isReady = !replies.slice(0, preamble.length).some(({ kind }) => kind !== 'status');
    const moved = restores.filter((_, at) => isReady && answers[at]?.kind === 'status');
    const isNonsense = replies.some(({ kind }) => kind !== 'status' && kind !== 'error');
    if (fault === undefined && !isNonsense) this.#rest(link, request, refusal === undefined);
    else link.close();
    return { moved: moved.map(([, key]) => key!), error: errorOf(refusal, fault, isNonsense) };
  }

  #restoresOf(request: MigrateRequest): string[][] {
    const nowMs = this.#options.nowMs();
    const name = this.#options.isClusterEnabled ? 'RESTORE-ASKING' : 'RESTORE';
    const flags = request.replace ? ['REPLACE'] : [];
    return (
      request.keys
        // A key that expired since it was picked stays here, to expire.
        .filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs >= nowMs)
        .map(({ key, payload, expiresAtMs }) => {
          const ttlMs = expiresAtMs === undefined ? 0 : Math.max(1, expiresAtMs - nowMs);
          return [name, key, String(ttlMs), payload, ...flags];
        })
    );
  }

  // --- connections ----------------------------------------------------------

  #take(request: MigrateRequest): TransferLink {
    const name = linkName(request);
    for (const [link, restingName] of this.#resting) {
      if (restingName !== name) continue;
      this.#resting.delete(link);
      return link;
    }
    const { dial } = this.#options;
    const link: TransferLink = new TransferLink(dial, request.host, request.port, {
      onClose: () => {
        this.#links.delete(link);
        this.#resting.delete(link);
      },
      onFault: (reason) => this.#options.log('warning', `MIGRATE to ${request.host}: ${reason}`),
    });
    this.#links.add(link);
    return link;
  }

  #rest(link: TransferLink, request: MigrateRequest, isSelected: boolean): void {
    link.db = isSelected ? request.db : undefined;
    if (link.isClosed) return;
    if (this.#resting.size >= RESTING_LINKS_MAX) {
      link.close();
      return;
    }
    this.#resting.set(link, linkName(request));
    link.rest(RESTING_MS);
  }
}

/**
 * Connections are shared only among MIGRATEs with the same credentials: one without a password must not
 * succeed because another one with it went before.
 */
function linkName({ host, port, user, password }: MigrateRequest): string {
  return JSON.stringify([host, port, user, password]);
}

function preambleOf(request: MigrateRequest, selected: number | undefined): string[][] {
  const { user, password, db } = request;
  const preamble: string[][] = [];
  if (password !== undefined) {
    preamble.push(user === undefined ? ['AUTH', password] : ['AUTH', user, password]);
  }
  if (selected !== db) preamble.push(['SELECT', String(db)]);
  return preamble;
}

/** What the target said first wins over how the connection ended. */
function errorOf(
  refusal: Reply | undefined,
  fault: LinkFault | undefined,
  isNonsense: boolean,
): string | undefined {
  if (refusal?.kind === 'error') {
    return `ERR Target instance replied with error: ${refusal.text}`;
  }
  if (fault !== undefined) return ioError(fault.during);
  return isNonsense ? ioError('reading') : undefined;
}

function ioError(during: LinkFault['during']): string {
  return during === 'connecting'
    ? 'IOERR error or timeout connecting to the client'
    : `IOERR error or timeout ${during} to target instance`;
}
