import Apply from '../apply.js';

/** `plan apply`, for those who look for it beside `plan show`. */
export default class PlanApply extends Apply {
  static override hidden = true;
}
