/** Colours, or none. They never carry meaning alone. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
}

/** SGR codes: each with the code that ends it. */
const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39], green: [32, 39] } as const;

/**
 * Colours where a terminal reads the stream and nobody asked for none (NO_COLOR, TERM=dumb, --no-color).
 * @param stream where the text goes.
 * @param wanted false for --no-color.
 */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv, wanted: boolean): Paint {
  const colored = wanted && stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  const paint = (name: keyof typeof CODES) => (text: string) =>
    colored ? `\u001b[${CODES[name][0]}m${text}\u001b[${CODES[name][1]}m` : text;
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    yellow: paint('yellow'),
    green: paint('green'),
  };
}
