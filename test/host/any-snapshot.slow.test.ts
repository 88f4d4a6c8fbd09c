import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { GhpassError } from '../../src/errors.ts';
import { openHost } from '../../src/host/open.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import fc from '../fixtures/fast-check.ts';
import { filesOf, graceHost, hopper } from '../fixtures/grace-host.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

/** What can stand in the place of a file: other bytes, a link, a directory, nothing. */
const change = fc.oneof(
  fc.uint8Array({ maxLength: 64 }).map((bytes) => ({ kind: 'bytes', bytes }) as const),
  fc.constantFrom('0-8191', '99999999999999999999', '-1', '{', 'null', '\u0000', '0x').map((text) => {
    return { kind: 'bytes', bytes: Buffer.from(text) } as const;
  }),
  fc.constantFrom('.', '..', '/', 'nowhere', '/proc/cmdline', '../'.repeat(40)).map((target) => {
    return { kind: 'link', target } as const;
  }),
  fc.constantFrom({ kind: 'directory' } as const, { kind: 'nothing' } as const),
);

test('a directory with anything in the place of some files is read, or refused in so many words', async () => {
  const { files, links } = filesOf(graceHost([hopper()]), {});
  const paths = [...Object.keys(files), ...Object.keys(links)];
  const root = temporaryDirectory();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...paths), change), { maxLength: 5 }), async (changes) => {
      const directory = join(root, `${number++}`);
      mkdirSync(directory);
      const changed = new Map(changes);
      for (const path of paths) {
        const place = join(directory, path);
        const instead = changed.get(path);
        if (instead?.kind === 'nothing') continue;
        mkdirSync(dirname(place), { recursive: true });
        if (instead?.kind === 'directory') mkdirSync(place, { recursive: true });
        else if (instead?.kind === 'link') symlinkSync(instead.target, place);
        else if (instead?.kind === 'bytes') writeFileSync(place, instead.bytes);
        else if (path in links) symlinkSync(links[path] ?? '', place);
        else writeFileSync(place, files[path] ?? '');
      }
      try {
        const host = await openHost(directory);
        const { gpus } = await collectGpus(host, [], { open: true });
        expect(gpus.length).toBeLessThanOrEqual(1);
        await host.askTools();
      } catch (error) {
        expect(error).toBeInstanceOf(GhpassError);
        expect((error as GhpassError).kind).not.toBe('bug');
      }
    }),
    { numRuns: 50 },
  );
}, 60_000);
