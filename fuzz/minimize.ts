import type { FuzzTarget } from './target.ts';

const MAX_RUNS = 2000;

/**
 * A shorter input with which the target fails in the same way: parts are taken out as long as that lasts.
 * Never used for an input that does not come back.
 */
export async function minimize(target: FuzzTarget, input: Uint8Array, error: unknown): Promise<Uint8Array> {
  const wanted = nameOf(error);
  let smallest = input;
  let runs = 0;
  const fails = async (candidate: Uint8Array) => {
    runs += 1;
    try {
      await target.run(candidate);
      return false;
    } catch (other) {
      return nameOf(other) === wanted;
    }
  };
  for (let size = input.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < smallest.length && runs < MAX_RUNS; ) {
      const candidate = new Uint8Array(Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]));
      if (await fails(candidate)) smallest = candidate;
      else at += size;
    }
  }
  return smallest;
}

/** What kind of failure it is, and where: messages carry values of the input. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const [, place = ''] = error.stack?.split('\n    at ') ?? [];
  return `${error.name} ${place}`;
}
