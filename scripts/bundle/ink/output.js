/**
 * The rows of a screen. Ink's own makes an object of each cell and takes each row apart, each time: half of what a monitor computed.
 * Here every text has its rows for itself.
 */
export default class Output {
  constructor({ height }) {
    this.rows = new Array(height).fill('');
  }

  write(x, y, text, { transformers }) {
    for (const [i, line] of text.split('\n').entries()) {
      if (x !== 0 || this.rows[y + i] !== '') throw new Error(`text beside another one in row ${y + i}`);
      this.rows[y + i] = transformers.reduce((row, transform) => transform(row, i), line);
    }
  }

  get() {
    return { output: this.rows.map((row) => row.trimEnd()).join('\n'), height: this.rows.length };
  }
}
