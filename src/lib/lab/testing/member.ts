/** A node of a cluster: what it is, it tells itself, and its last word stands when it is gone. */
import type { ClusterNode } from './api.js';
import { claimOf } from './claim.js';
import { HostedNode, launch, type HostOptions } from './hosted-node.js';

export class Member extends HostedNode implements ClusterNode {
  static override async start(options: HostOptions): Promise<Member> {
    return new Member(await launch(options));
  }

  get id(): string {
    return claimOf(this).self.id;
  }

  get role(): 'primary' | 'replica' {
    return claimOf(this).self.flags.has('slave') ? 'replica' : 'primary';
  }

  get primaryId(): string | undefined {
    return claimOf(this).self.primaryId;
  }

  get firstSlot(): number {
    return claimOf(this).self.slots[0]?.first ?? Infinity;
  }

  owns(slot: number): boolean {
    return claimOf(this).self.slots.some(({ first, last }) => first <= slot && slot <= last);
  }

  get offset(): number {
    return this.embedded.wings.replication.offset;
  }
}
