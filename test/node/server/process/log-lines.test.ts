/** Log lines in the form that log shippers know. */
import { expect } from 'chai';
import { formatLogLine } from '../../../../src/lib/node/server/process/log-lines.js';

describe('log lines', () => {
  it('carry pid, role, local time and level, and stay one line each', () => {
    const at = new Date(2026, 2, 5, 7, 8, 9, 4);
    const line = { pid: 42, role: 'M', at, level: 'warning', text: 'two\nlines' } as const;
    expect(formatLogLine(line)).to.equal('42:M 05 Mar 2026 07:08:09.004 # two lines');
    expect(formatLogLine({ ...line, role: 'S', level: 'verbose', text: 'x' })).to.match(
      /^42:S .* - x$/,
    );
  });
});
