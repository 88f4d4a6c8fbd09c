import { EXIT_STATUS, type FailureKind } from '../errors.ts';

/** What each exit status means to somebody who reads it in a script. */
const MEANINGS: Readonly<Record<FailureKind, string>> = {
  check: 'a check failed, or the device was found wanting; with --strict also where there are warnings',
  usage: 'the command line is wrong',
  unsupported: 'this host has no such GPU, so that CI can skip',
  permission: 'a permission is missing',
  tool: 'an external tool failed: the native helper, QEMU',
  timeout: 'a deadline passed',
  bug: 'a bug in ghpass',
  interrupted: 'interrupted, after the host was put back',
};

/** Each exit status with its meaning, in ascending order. */
export const EXIT_STATUSES: readonly (readonly [number, string])[] = [
  [0, 'done; all checks passed, perhaps with warnings'],
  ...(Object.keys(EXIT_STATUS) as FailureKind[]).map((kind) => [EXIT_STATUS[kind], MEANINGS[kind]] as const),
];

/** Variables of the environment that ghpass looks at. */
export const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['COLUMNS', 'how wide a picture is, and the help'],
  ['DEBUG', 'set to anything: a bug is told with its stack'],
  [
    'LC_ALL, LC_CTYPE, LANG',
    'a picture has lines and blocks where the first of these that is set names UTF-8, and ASCII elsewhere',
  ],
  ['NO_COLOR', 'set to anything: no colours, as with --no-color'],
  ['PATH', 'where ghpass-vfio, qemu-system-aarch64, virsh, modprobe, cpio and taskset are looked for'],
  ['TERM', 'dumb: no colours, and pictures in ASCII'],
  ['XDG_RUNTIME_DIR', 'without root: sockets and logs of running guests are in ghpass/ below it, not in /run/ghpass'],
  [
    'XDG_STATE_HOME',
    'without root: journals are in ghpass/ below it, not in /var/lib/ghpass; ~/.local/state if it is not set',
  ],
];

/** Files that ghpass reads of its own, and makes. */
export const FILES: readonly (readonly [string, string])[] = [
  ['/etc/ghpass/gpus.json', 'GPU catalogue of the site, which comes before the one that ships with ghpass'],
  ['/run/ghpass/NAME/', 'a running guest: its plan, sockets, console and the messages of QEMU'],
  ['/var/lib/ghpass/journal/', 'what was changed on this host and is not undone yet; ghpass recover reads it'],
];

/** Texts of `ghpass help TOPIC` that belong to no command. */
export const HELP_TOPICS: Readonly<Record<string, string>> = {
  'exit-codes': topic(
    'Exit codes are the same with and without --json.',
    EXIT_STATUSES.map(([code, meaning]) => [`${code}`.padStart(3), meaning]),
  ),
  environment: topic('Variables of the environment that ghpass looks at.', ENVIRONMENT),
  files: topic('Files that ghpass reads of its own, and makes.', FILES),
};

function topic(introduction: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [introduction, '', ...rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`)].join('\n');
}
