import { CHECK_GROUPS, type CheckDescription } from '../src/checks/all.ts';
import { DOMAIN_CHECKS } from '../src/checks/domain/index.ts';
import { RUNNING_GUEST_CHECKS } from '../src/checks/guest/index.ts';
import { HOST_CHECKS_BEFORE_GUEST } from '../src/checks/host/index.ts';
import { MEMORY_CHECKS } from '../src/checks/memory/index.ts';
import { BIND_ERRORS } from '../src/guest/binding/bind-failed.ts';

const AGAIN = HOST_CHECKS_BEFORE_GUEST.map(({ id }) => `\`${id}\``).join(', ');

const HEADINGS = {
  host: ['The host', `Run by \`doctor\`; \`create-vm\` and \`smoke\` run ${AGAIN} again.`],
  gpu: ['Each GPU', 'Run for each coherent GPU; `probe`, `create-vm` and `smoke` run them, too.'],
  guest: [
    'The guest',
    'Run by `create-vm` and `smoke` for the guest that they are to start, and by `doctor` for a plain guest with all GPUs, of 16 GiB or what fits the host.',
  ],
} as const;

const MEMORY =
  'Run by `probe --memory quick|full` and `scrub`, which overwrite the memory; `doctor` does not know them.';

const BINDING =
  'What `bind` and everything that binds ends with where the driver refuses the device: the errno of its probe, and the code of the error.';

const DOMAIN =
  'Run by `attach`, `detach` and `apply` on a domain of libvirt that is there already; `doctor` does not know them.';

const RUNNING_GUEST =
  'Looked for by `verify` in a guest that runs, beside what it compares with the plan: what NVIDIA’s driver made of the GPU, if it is loaded.';

const INTRODUCTION = `<!-- Written by \`npm run docs\` from src/checks; changes belong there. -->

# Checks

What ghpass looks at, most of it with \`ghpass doctor\`: \`--checks ID,…\` runs some of its checks, \`--skip ID,… --reason TEXT\`
leaves some out and keeps the reason in the JSON. The severity is that of what a check usually finds; a finding can be worse or
better. A check that cannot see what it needs says "not known", and why: no failure, and no better than a warning.

Checks marked with an asterisk need the device itself. \`doctor\` opens no device of this machine, because that resets it, and
skips them; \`probe\` runs them. Of a capture the recorded answer is taken.
`;

/** The reference of all checks, as Markdown. */
export function checksPage(): string {
  const sections = CHECK_GROUPS.map(({ about, checks }) => {
    const [heading, when] = HEADINGS[about];
    return section(heading, when, checks);
  });
  return [
    INTRODUCTION,
    ...sections,
    section('A domain of libvirt', DOMAIN, DOMAIN_CHECKS),
    section('A running guest', RUNNING_GUEST, RUNNING_GUEST_CHECKS),
    section('The memory of a GPU', MEMORY, MEMORY_CHECKS),
    bindErrors(),
  ].join('\n');
}

/** No checks, since only the driver knows: but the same names in the same place. */
function bindErrors(): string {
  const rows = BIND_ERRORS.map(({ errno, code, meaning }) => row([errno, `\`${code}\``, escaped(meaning)]));
  return [
    '## Binding',
    '',
    BINDING,
    '',
    row(['errno', 'code', 'it means']),
    row(Array(3).fill('---')),
    ...rows,
    '',
  ].join('\n');
}

function section(heading: string, when: string, checks: readonly CheckDescription[]): string {
  return [`## ${heading}`, '', when, '', ...table(checks), ''].join('\n');
}

function table(checks: readonly CheckDescription[]): string[] {
  const rows = checks.map(({ id, needsDevice, severity, title, looksAt, reference }) =>
    row([`\`${id}\`${needsDevice ? ' \\*' : ''}`, severity, ...[title, looksAt, reference].map(escaped)]),
  );
  return [
    row(['id', 'severity', 'all is well when', 'what is looked at', 'reference']),
    row(Array(5).fill('---')),
    ...rows,
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Paths and names of the kernel have characters that Markdown takes for its own; within a word it leaves `_` alone. */
function escaped(text: string): string {
  return text.replaceAll(/[|*<>]|(?<![A-Za-z0-9])_/g, '\\$&');
}
