import { accessSync, constants } from 'node:fs';
import { GhpassError } from '../../errors.ts';
import type { GuestBoot } from '../../plan/guest-plan.ts';

/**
 * @param made paths of files that are not there yet.
 * @throws GhpassError `guest.file-unreadable`: better now than in QEMU's words.
 */
export function requireReadableFiles(boot: GuestBoot, made: readonly string[] = []): void {
  for (const path of [boot.kernel, boot.initrd, ...boot.disks.map((disk) => disk.path)]) {
    if (path === null || made.includes(path)) continue;
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
      throw new GhpassError(errno === 'EACCES' ? 'permission' : 'usage', {
        code: 'guest.file-unreadable',
        message: `${JSON.stringify(path)}: ${errno}`,
        suggestions: [`ls -l ${JSON.stringify(path)}`],
      });
    }
  }
}
