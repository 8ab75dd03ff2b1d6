/** The public entry points: what a user of the package imports. */
import { expect } from 'chai';
import * as trib from '../src/index.js';

describe("import 'trib'", () => {
  it('offers the model and its slots without any I/O', () => {
    expect(trib.SLOT_COUNT).to.equal(16384);
  });
});
