import { defineConfig } from 'vitest/config';

/**
 * `unit` needs nothing but this machine, and `slow` only more time: every compiler, a kill at every step.
 * `lab` builds the virtual Grace hosts, then boots two at a time, of which each takes a core and some GiB; `lab-slow` has one
 * host for a guest at each step of a command, and for a whole distribution.
 */
export default defineConfig({
  test: {
    // The tests wait for processes more than they compute, so every core may have a worker.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**', 'test/**/*.slow.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'slow',
          include: ['test/**/*.slow.test.ts'],
          exclude: ['test/lab/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: ['test/lab/**/*.slow.test.ts'],
          globalSetup: 'test/lab/build.ts',
          maxWorkers: 2,
          testTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'lab-slow',
          include: ['test/lab/**/*.slow.test.ts'],
          globalSetup: 'test/lab/build.ts',
          fileParallelism: false,
          testTimeout: 900_000,
        },
      },
    ],
  },
});
