/** Name of the global array of counters, one for each block of the code that is tested. */
export const COUNTERS = '__ghpassFuzzCounters';

/** Times that a block was entered, in steps that matter: 0, 1, 2, 3, 4-7, 8-15, 16-31, 32-127, more (as AFL has them). */
const STEPS = Uint8Array.from({ length: 256 }, (_, times) => {
  const limits = [0, 1, 2, 3, 7, 15, 31, 127, 255];
  const step = limits.findIndex((limit) => times <= limit);
  return step === 0 ? 0 : 1 << (step - 1);
});

/** Which blocks were entered so far, and how often within one input. */
export class Coverage {
  /** Saturates: a block that is entered 256 times was entered. */
  readonly counters: Uint8ClampedArray;
  private readonly seen: Uint8Array;

  constructor(blockCount: number) {
    this.counters = new Uint8ClampedArray(blockCount);
    this.seen = new Uint8Array(blockCount);
  }

  /** Takes in the counters of one input and sets them back. @returns whether it did something that none before it did. */
  takeIn(): boolean {
    const { counters, seen } = this;
    let isNew = false;
    for (let i = 0; i < counters.length; i += 1) {
      const times = counters[i] as number;
      if (times === 0) continue;
      const step = STEPS[times] as number;
      if (((seen[i] as number) & step) === 0) {
        seen[i] = (seen[i] as number) | step;
        isNew = true;
      }
      counters[i] = 0;
    }
    return isNew;
  }

  reset(): void {
    this.counters.fill(0);
  }

  /** Indexes of the blocks that were entered. */
  entered(): number[] {
    return [...this.seen.keys()].filter((i) => this.seen[i] !== 0);
  }
}
