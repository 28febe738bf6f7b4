import { defineConfig } from 'vitest/config';

/** `unit` never touches the network beyond loopback and finishes in seconds; `system` drives real programs and built code. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/{unit,torture,fuzz,structure}/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/{interop,soak,system}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          // Only for what test/support/speech.ts says of a machine that cannot keep real time.
          retry: { count: 2, delay: 3000, condition: /the machine is too busy to judge/ },
        },
      },
    ],
  },
});
