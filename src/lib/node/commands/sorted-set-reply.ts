/** Members as commands answer them, alone or each with its score: RESP3 makes a pair of the two. */
import type { ReplySink } from '../../wire/resp/reply-sink.js';

export class MemberReply {
  readonly #reply: ReplySink;
  readonly #withScores: boolean;
  readonly #inPairs: boolean;

  /** @param inPairs also in RESP2, as the newest commands have it */
  constructor(reply: ReplySink, withScores: boolean, inPairs = reply.protocol === 3) {
    this.#reply = reply;
    this.#withScores = withScores;
    this.#inPairs = inPairs;
  }

  /** So many members follow. */
  begin(count: number): void {
    this.#reply.array(this.#withScores && !this.#inPairs ? 2 * count : count);
  }

  /** A visitor of members. */
  readonly add = (member: string, score: number): void => {
    if (this.#withScores && this.#inPairs) this.#reply.array(2);
    this.#reply.bulk(member);
    if (this.#withScores) this.#reply.double(score);
  };
}
