import type { Filling } from './drawing.ts';

/** The characters of a picture, each of which takes one column. */
export interface Glyphs {
  /** Top left, top right, bottom left, bottom right, horizontal, vertical. */
  frame: readonly [string, string, string, string, string, string];
  fillings: Readonly<Record<Filling, string>>;
  /** Spells a text with the characters that there are. */
  spell(text: string): string;
}

const UNICODE: Glyphs = {
  frame: ['┌', '┐', '└', '┘', '─', '│'],
  fillings: { usable: '█', reserved: '▓', padding: '░', device: '▒', gpus: '█', free: '░' },
  spell: (text) => text,
};

const ASCII: Glyphs = {
  frame: ['+', '+', '+', '+', '-', '|'],
  fillings: { usable: '#', reserved: '=', padding: '.', device: '%', gpus: '#', free: '.' },
  spell: (text) =>
    text
      .replaceAll('·', '-')
      .replaceAll('›', '>')
      .replaceAll('’', "'")
      .replaceAll(/[^ -~]/gu, '?'),
};

/** Lines and blocks where locale and terminal have them, by the environment (setlocale(3): LC_ALL, LC_CTYPE, LANG). */
export function glyphsFor({ LC_ALL, LC_CTYPE, LANG, TERM }: NodeJS.ProcessEnv): Glyphs {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return /utf-?8/i.test(locale) && TERM !== 'dumb' ? UNICODE : ASCII;
}
