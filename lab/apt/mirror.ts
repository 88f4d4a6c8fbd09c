import { execa } from 'execa';
import type { LabContext } from '../context.ts';
import { LabError } from '../error.ts';
import { runTool, toolPath } from '../tool.ts';

/**
 * URI of a Debian archive: `GHPASS_LAB_MIRROR`, else the one in this machine's own apt configuration, else (not a Debian
 * machine, or its lists were never fetched) the default of mmdebstrap. No mirror's name is written down in the lab.
 */
export async function debianMirror(lab: LabContext): Promise<string> {
  const found = lab.mirror ?? (await configuredMirror()) ?? (await mmdebstrapMirror());
  if (found !== undefined) return found.replace(/\/+$/, '');
  throw new LabError('no Debian package archive is known: apt has none configured, and mmdebstrap named none', [
    'sudo apt-get install mmdebstrap',
    'GHPASS_LAB_MIRROR=URI npm run lab -- build',
  ]);
}

/** Third-party archives for Debian carry another Origin; the security and backports archives another Label. */
async function configuredMirror(): Promise<string | undefined> {
  const targets = await runTool('apt-get', ['indextargets', '--format', '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)']);
  const main = targets.split('\n').find((line) => line.startsWith('Debian|Debian|main|'));
  return main?.split('|')[3];
}

/** mmdebstrap has no option that prints its default, so a hook shows the sources.list it made, and ends it there. */
async function mmdebstrapMirror(): Promise<string | undefined> {
  const hook = 'cat "$1"/etc/apt/sources.list; exit 1';
  const args = ['--variant=custom', '--format=null', `--setup-hook=${hook}`, 'trixie', '-'];
  const { all } = await execa('mmdebstrap', args, {
    reject: false,
    all: true,
    stdin: 'ignore',
    env: { PATH: toolPath() },
  });
  return /^deb (?:\[[^\]]*\] )?(\S+) trixie main$/m.exec(all ?? '')?.[1];
}
