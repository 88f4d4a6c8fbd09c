import { defineConfig } from 'vitest/config';

/** `unit` needs nothing but this machine; `lab` boots the virtual Grace host, one at a time. */
export default defineConfig({
  test: {
    // The tests wait for processes more than they compute, so every core may have a worker.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**'],
          testTimeout: 20_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 900_000,
          hookTimeout: 2_400_000,
        },
      },
    ],
  },
});
