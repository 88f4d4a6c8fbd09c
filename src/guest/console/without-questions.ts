const ESC = '\\x1b';

/**
 * What a terminal answers as if the answer had been typed (ECMA-48, DEC STD 070, xterm's ctlseqs): ENQ, DA, DSR, DECRQM,
 * DECREQTPARM, XTVERSION, the state of the keyboard protocol, window reports, colours and settings.
 */
const QUESTION = new RegExp(
  [
    '\\x05',
    `${ESC}Z`,
    `${ESC}\\[[?>=]?[\\d;]*(?:[cnxt]|\\$p)`,
    `${ESC}\\[>[\\d;]*q`,
    `${ESC}\\[\\?u`,
    `${ESC}\\][^\\x07\\x1b]*\\?(?:\\x07|\\x1b\\\\)`,
    `${ESC}P[$+]q[^\\x1b]*\\x1b\\\\`,
  ].join('|'),
  'g',
);
/** A sequence whose end is still to come. */
const UNFINISHED = new RegExp(`${ESC}(?:\\[[?>=]?[\\d;$]*|[\\]P][^\\x07\\x1b]*${ESC}?)?$`);
/** No question is longer; a string without an end is not waited for. */
const LONGEST = 256;

/**
 * Takes questions to the terminal out of what a guest wrote some time ago: the answers of today's terminal would be typed
 * into today's guest. What belongs together may come in pieces.
 */
export class WithoutQuestions {
  private kept = '';

  /** @returns what can be shown so far. */
  take(bytes: Uint8Array): Uint8Array {
    const text = (this.kept + Buffer.from(bytes).toString('latin1')).replace(QUESTION, '');
    const [unfinished = ''] = UNFINISHED.exec(text) ?? [];
    this.kept = unfinished.length > LONGEST ? '' : unfinished;
    return Buffer.from(this.kept === '' ? text : text.slice(0, -this.kept.length), 'latin1');
  }

  /** @returns what was waiting for its end. */
  rest(): Uint8Array {
    return Buffer.from(this.kept, 'latin1');
  }
}
