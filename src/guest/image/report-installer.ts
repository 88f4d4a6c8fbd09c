import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../host/programs/package-root.ts';

/** Where the parts of the report are in a guest, and the files of `templates/` that they are. */
const FILES: readonly { path: string; template: string; mode: string }[] = [
  { path: '/usr/local/lib/ghpass/report.sh', template: 'report.sh', mode: '0644' },
  { path: '/usr/local/lib/ghpass/report', template: 'cloud-init/report', mode: '0755' },
  {
    path: '/etc/systemd/system/ghpass-report.service',
    template: 'cloud-init/ghpass-report.service',
    mode: '0644',
  },
];
/** No line of the templates is this one. */
const END = 'GHPASS-END-OF-FILE';

/**
 * A script for cloud-init to run once in a new guest (`text/x-shellscript`): it installs a service that reports on the console
 * at each boot what the guest sees. A guest without systemd reports at its first boot alone. A script and no cloud-config,
 * because lists of two of those become one only where both say so.
 */
export function reportInstaller(): string {
  const files = FILES.flatMap(({ path, template, mode }) => [
    `mkdir -p ${path.slice(0, path.lastIndexOf('/'))}`,
    `cat > ${path} << '${END}'`,
    `${readFileSync(join(packageRoot(), 'templates', template), 'utf8')}${END}`,
    `chmod ${mode} ${path}`,
  ]);
  return [
    '#!/bin/sh',
    '# Installs what reports to `ghpass verify`.',
    ...files,
    'if [ -d /run/systemd/system ]; then',
    '  systemctl daemon-reload',
    '  systemctl enable ghpass-report.service',
    '  systemctl start --no-block ghpass-report.service',
    'else',
    '  /usr/local/lib/ghpass/report',
    'fi',
    '',
  ].join('\n');
}
