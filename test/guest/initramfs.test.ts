import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AARCH64, executable, PT_INTERP, PT_LOAD, staticExecutable, X86_64 } from './elf.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Where the test puts its busybox: this is one of the places that are looked at, and no tool that is needed here is in it. */
const PLACE = '/usr/sbin';
const REPOSITORY = join(import.meta.dirname, '../..');
const OWN_MOUNTS = ['unshare', '--map-root-user', '--mount'] as const;
const canRun = spawnSync(OWN_MOUNTS[0], ['--map-root-user', '--mount', 'cpio', '--version']).status === 0;

/** Builds an initramfs where that is the busybox, in a process with mounts of its own. */
function build(busybox: Buffer | null) {
  const directory = temporaryDirectory();
  const place = join(directory, 'place');
  const guest = join(directory, 'guest');
  for (const path of [place, guest]) mkdirSync(path);
  if (busybox) {
    writeFileSync(join(place, 'busybox'), busybox);
    chmodSync(join(place, 'busybox'), 0o700);
  }
  const script = `
    import { buildInitramfs } from ${JSON.stringify(join(REPOSITORY, 'src/guest/proof/initramfs.ts'))};
    await buildInitramfs(${JSON.stringify(guest)}, new AbortController().signal)
      .then((path) => console.log(path), ({ code, kind, message }) => console.log(JSON.stringify({ code, kind, message })));`;
  const [command, ...flags] = OWN_MOUNTS;
  const shell = ['sh', '-ec', `mount --bind ${place} ${PLACE}; exec "$@"`, 'sh'];
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
  const output = execFileSync(command, [...flags, ...shell, ...node], { encoding: 'utf8', cwd: REPOSITORY });
  return { guest, output: output.trim() };
}

describe.skipIf(!canRun)('the initramfs of the smoke guest', { timeout: 60_000 }, () => {
  test('has busybox, the init, and the places for what is mounted; all belong to root', () => {
    const { guest, output } = build(staticExecutable());
    expect(output).toBe(join(guest, 'initramfs.cpio'));
    const listing = execFileSync('cpio', ['--list', '--verbose', '--numeric-uid-gid', '--quiet', '-F', output], {
      encoding: 'utf8',
    });
    const entries = listing
      .trim()
      .split('\n')
      .map((line) => {
        const [mode = '', , uid, gid, ...rest] = line.split(/\s+/);
        return `${mode[0]}${mode.slice(3, 4)} ${uid}:${gid} ${rest.at(-1)}`;
      });
    expect(entries).toEqual([
      'dx 0:0 .',
      'dx 0:0 bin',
      '-x 0:0 bin/busybox',
      'dx 0:0 dev',
      '-x 0:0 init',
      'dx 0:0 proc',
      '-- 0:0 report.sh',
      'dx 0:0 sys',
    ]);
    const init = execFileSync('cpio', ['--extract', '--to-stdout', '--quiet', '-F', output, 'init']);
    expect(init).toEqual(readFileSync(join(REPOSITORY, 'templates/smoke-init')));
  });

  // An arm64 machine may have a good busybox of its own.
  test.skipIf(process.arch === 'arm64').each([
    ['needs a dynamic loader', executable(AARCH64, PT_INTERP)],
    ['is for another machine', executable(X86_64, PT_LOAD)],
    ['is a script', Buffer.from('#!/bin/sh\n'.padEnd(100))],
    ['is empty', Buffer.alloc(0)],
  ])('is refused where the busybox %s', (_what, busybox) => {
    const { output } = build(busybox);
    expect(JSON.parse(output)).toEqual({
      code: 'smoke.busybox-missing',
      kind: 'tool',
      message: expect.stringMatching(
        /^the smoke guest needs a statically linked busybox: (?:\S+, )*\/usr\/sbin\/busybox is not static or not for aarch64$/,
      ),
    });
  });
});
