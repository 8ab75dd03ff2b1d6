/** What `fix` needs to know before it decides: who has keys of the slots in doubt. */
import { keyQuestions, type KeyQuestion } from '../../cluster/slot-keys.js';
import type { ClusterView } from '../../cluster/model.js';
import { membersOf } from '../../cluster/view.js';
import { rangesOf, slotsIn } from '../../kernel/ranges.js';
import type { FixWish } from './fixable.js';
import { doubtfulSlots } from './survey.js';

/** Every primary that answers, about every slot in doubt, and about all it does not own when it is asked for. */
export function fixQuestions(view: ClusterView, wish: FixWish): readonly KeyQuestion[] {
  const doubtful = doubtfulSlots(view, wish);
  const foreign = new Map(
    wish.searchesKeys === true ? keyQuestions(view).map(({ id, slots }) => [id, slots]) : [],
  );
  return membersOf(view).flatMap(({ id, address, role, claim }) => {
    if (role !== 'primary' || claim === undefined) return [];
    const slots = [...slotsIn(doubtful), ...slotsIn(foreign.get(id) ?? [])];
    return slots.length === 0 ? [] : [{ id, address, slots: rangesOf(slots) }];
  });
}
