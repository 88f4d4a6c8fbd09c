import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../tool.ts';

/** Two at a time keep two CPUs busy; more wait for the disk. */
const UNPACKERS = 2;

/** Unpacks package files side by side into `root`, in the merged-/usr layout, without running their scripts. */
export async function unpackPackages(
  debs: readonly string[],
  root: string,
  signal?: AbortSignal | undefined,
): Promise<void> {
  for (const directory of ['bin', 'sbin', 'lib']) {
    await mkdir(path.join(root, 'usr', directory), { recursive: true });
    await symlink(`usr/${directory}`, path.join(root, directory));
  }
  // dpkg-deb --extract of Debian 12 would put a directory in the place of the link /lib.
  const pipeline = 'dpkg-deb --fsys-tarfile "$1" | tar --extract --keep-directory-symlink --directory "$2"';
  await inTurns(debs, (deb) => runTool('sh', ['-ec', pipeline, 'sh', deb, root], { signal }));
}

/**
 * Writes the dpkg database of `root` as if the packages were installed: `dpkg-query -W`, `-L` and `-S` then answer.
 * Unpacking alone leaves it empty, and running dpkg itself would run arm64 scripts on another CPU.
 */
export async function writeDpkgDatabase(
  debs: readonly string[],
  root: string,
  signal?: AbortSignal | undefined,
): Promise<void> {
  const info = path.join(root, 'var/lib/dpkg/info');
  await mkdir(info, { recursive: true });
  await mkdir(path.join(root, 'var/lib/dpkg/updates'), { recursive: true });
  await writeFile(path.join(info, 'format'), '1\n');
  await writeFile(path.join(root, 'var/lib/dpkg/available'), '');
  const paragraphs = await inTurns(debs, async (deb) => {
    const control = await runTool('dpkg-deb', ['--field', deb], { signal });
    const contents = await runTool('dpkg-deb', ['--contents', deb], { signal });
    await writeFile(path.join(info, `${infoName(control)}.list`), listFromContents(contents));
    return control.trimEnd().replace(/^(Package: .*)$/m, '$1\nStatus: install ok installed');
  });
  await writeFile(path.join(root, 'var/lib/dpkg/status'), `${paragraphs.join('\n\n')}\n`);
}

/** dpkg names the files of packages that can be installed for several architectures with the architecture (dpkg 1.16.2). */
function infoName(control: string): string {
  const name = fieldOf(control, 'Package');
  return fieldOf(control, 'Multi-Arch') === 'same' ? `${name}:${fieldOf(control, 'Architecture')}` : name;
}

function fieldOf(control: string, field: string): string {
  return new RegExp(`^${field}: (.*)$`, 'm').exec(control)?.[1] ?? '';
}

/** Lines of `tar tv`: mode, owner, size, date, time, `./path`, and for links `-> target`. The list has absolute paths. */
function listFromContents(contents: string): string {
  const paths = contents.split('\n').flatMap((line) => {
    const entry = /^(\S)\S* +\S+ +\d+ +\S+ +\S+ \.(.*)$/.exec(line);
    if (!entry) return [];
    const [, type, rest = ''] = entry;
    const name = type === 'l' ? rest.replace(/ -> .*$/, '') : rest.replace(/ link to .*$/, '');
    return [name === '/' ? '/.' : name.replace(/\/$/, '')];
  });
  return `${paths.join('\n')}\n`;
}

async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: UNPACKERS }, worker));
  return results;
}
