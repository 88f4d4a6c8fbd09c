import { type LeaveOutRule, mapTexts, type Names } from './rule.ts';

const PLACEHOLDER = 'host';
/**
 * Texts in the words of whoever runs the host. All else is in the words of kernel and firmware, where a host that is named
 * `node` or `kvm` would take sense away.
 */
const WORDED_BY_PEOPLE = /^\/(ghpass\/uname|proc\/(cmdline|version|\d+\/.*|sys\/kernel\/(osrelease|hostname)))$/;

/** The name of the host. A kernel release that has it changes in the names of files, too, so that they are still found. */
export const hostName: LeaveOutRule = {
  id: 'host-name',
  title: 'the host name',
  apply(tree, names) {
    const pattern = patternOf(names);
    if (pattern === null) return tree;
    const { release } = names;
    const renamed = release?.replace(pattern, PLACEHOLDER) ?? null;
    const rename = (path: string) =>
      release === null || renamed === null
        ? path
        : path
            .split('/')
            .map((part) => renamePart(part, release, renamed))
            .join('/');
    const changed = mapTexts(tree, (text, path) =>
      WORDED_BY_PEOPLE.test(path) ? text.replace(pattern, PLACEHOLDER) : text,
    );
    return {
      files: mapKeys(changed.files, rename),
      links: mapKeys(
        Object.fromEntries(Object.entries(tree.links).map(([path, target]) => [path, rename(target)])),
        rename,
      ),
      ...(tree.unread ? { unread: mapKeys(tree.unread, rename) } : {}),
    };
  },
};

/** A directory is named after the release, a file behind what it is: `config-6.17.0`. */
function renamePart(part: string, release: string, renamed: string): string {
  return part === release || part.endsWith(`-${release}`) ? `${part.slice(0, -release.length)}${renamed}` : part;
}

function mapKeys<T>(record: Readonly<Record<string, T>>, change: (key: string) => string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [change(key), value]));
}

/** The name and its first label, as words of their own; `localhost` tells nothing. */
function patternOf({ host }: Names): RegExp | null {
  const wanted = [...new Set([host, host.split('.')[0] ?? ''])].filter((name) => name !== '' && name !== 'localhost');
  if (wanted.length === 0) return null;
  const escaped = wanted.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`(?<![A-Za-z0-9])(?:${escaped.join('|')})(?![A-Za-z0-9])`, 'g');
}
