import type { Readable } from 'node:stream';

/** virsh has no line that is nearly as long: it is thrown away, so that one without an end does not take all memory. */
const MAX_LINE_CHARACTERS = 1 << 20;

/** Gives each line of a stream that ends with a line feed to a listener, as it comes. */
export function eachLine(stream: Readable, hear: (line: string) => void): void {
  let unfinished = '';
  let isTooLong = false;
  stream.setEncoding('utf8').on('data', (text: string) => {
    const [end = '', ...lines] = text.split('\n');
    unfinished += end;
    for (const line of lines) {
      if (!isTooLong) hear(unfinished);
      isTooLong = false;
      unfinished = line;
    }
    if (unfinished.length <= MAX_LINE_CHARACTERS) return;
    isTooLong = true;
    unfinished = '';
  });
}
