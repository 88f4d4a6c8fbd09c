import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { requireConfirmation } from '../../src/ui/confirm.ts';

const ABOUT = { what: 'all of it will be lost', command: 'ghpass scrub 0009:01:00.0 --destructive' };
const MISSING = {
  kind: 'usage',
  code: 'confirmation-missing',
  message: 'all of it will be lost',
  suggestions: ['ghpass scrub 0009:01:00.0 --destructive'],
};

/** A terminal at which somebody types. */
function terminal(typed: string, { input = true, output = true } = {}) {
  const keyboard = Object.assign(new PassThrough(), { isTTY: input });
  const screen = Object.assign(new PassThrough(), { isTTY: output });
  keyboard.end(typed);
  return { input: keyboard, output: screen, shown: () => String(screen.read() ?? '') };
}

describe('what cannot be taken back', () => {
  test.each(['y\n', 'yes\n', ' Y \n', 'YES\n'])('goes on after %j', async (typed) => {
    const at = terminal(typed);
    await requireConfirmation(false, ABOUT, at);
    expect(at.shown()).toBe('all of it will be lost. Go on? [y/N] ');
  });

  test.each(['n\n', '\n', 'yess\n', '', 'no\ny\n'])('does not after %j', async (typed) => {
    await expect(requireConfirmation(false, ABOUT, terminal(typed))).rejects.toMatchObject(MISSING);
  });

  test.each([
    ['an input that is none', { input: false }],
    ['an output that is none', { output: false }],
  ])('is not asked about on %s', async (_what, kind) => {
    const at = terminal('y\n', kind);
    await expect(requireConfirmation(false, ABOUT, at)).rejects.toMatchObject(MISSING);
    expect(at.shown()).toBe('');
  });

  test('is not asked about where a flag says yes', async () => {
    const at = terminal('n\n');
    await requireConfirmation(true, ABOUT, at);
    expect(at.shown()).toBe('');
  });
});
