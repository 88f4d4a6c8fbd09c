import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { canHaveOwnMounts, GPU, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { stateOf, UNTOUCHED } from './kit/host-state.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;
const PUBLIC_KEY = `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20'.padEnd(51, 'k'), 'latin1').toString('base64')} me`;

const temporaryDirectory = temporaryDirectories();
const whereIs = (program: string) => execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();

beforeAll(() => {
  installedPackage();
});

/** A host with the real tools for images, an image of 1 GiB, and a public key. */
function imageHost(): { host: GraceHost; image: string; key: string; create: string[] } {
  const host = graceHostIn(temporaryDirectory(), { driver: null });
  for (const tool of ['qemu-img', 'xorriso']) host.replaceTool(tool, `exec ${whereIs(tool)} "$@"`);
  mkdirSync(host.path('/images'));
  const [image, key] = [host.path('/images/cloud.qcow2'), host.path('/images/id.pub')];
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '1G']);
  writeFileSync(key, `${PUBLIC_KEY}\n`);
  const create = ['create-vm', 'demo', '--memory', '1G', '--bind', '--image', image, '--ssh-key', key];
  return { host, image, key, create };
}

const GUEST = '/var/lib/ghpass/guests/demo';

describe.skipIf(!canHaveOwnMounts()).concurrent('a guest from a cloud image', { timeout: PATIENCE_MS }, () => {
  test('has a disk over the image and a seed, and both go with it; the image stays', async () => {
    const { host, image, create } = imageHost();
    const before = readFileSync(image);
    const { status, stdout, stderr } = await host.run([...create, '--disk-size', '3G', '--forward', '2222:22']);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^demo runs: /);
    expect(stderr).toContain(`making ${GUEST}/disk.qcow2, 3 GiB over ${image}\n`);
    expect(readdirSync(host.path(GUEST)).sort()).toEqual(['disk.qcow2', 'guest.json', 'seed.iso', 'variables.fd']);
    const info = execFileSync('qemu-img', ['info', '--output=json', host.path(`${GUEST}/disk.qcow2`)], {
      encoding: 'utf8',
    });
    expect(JSON.parse(info)).toMatchObject({
      'virtual-size': 3 * 2 ** 30,
      'backing-filename': image,
      'backing-filename-format': 'qcow2',
    });
    expect(statSync(host.path(`${GUEST}/seed.iso`)).mode & 0o777).toBe(0o600);
    const pid = readFileSync(host.path('/run/ghpass/demo/qemu.pid'), 'utf8').trim();
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    expect(argv).toContain('hostfwd=tcp:127.0.0.1:2222-:22');
    expect(argv).toContain(`filename=${GUEST}/seed.iso,read-only=on`);

    const deleted = await host.run(['delete', 'demo', '--yes']);
    expect(deleted, deleted.stderr).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(UNTOUCHED);
    expect(readFileSync(image)).toEqual(before);
  });

  test('says where its disks would be, and makes none', async () => {
    const { host, create } = imageHost();
    const { status, stdout, stderr } = await host.run([...create, '--dry-run', '--emit', 'argv']);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain(`filename=${GUEST}/disk.qcow2`);
    expect(stdout).toContain('-netdev user,id=net0');
    const xml = await host.run([...create, '--dry-run', '--emit', 'xml']);
    expect(xml.stdout).toMatch(
      /<source file='\/var\/lib\/ghpass\/guests\/demo\/seed.iso'\/>\s*<target .*\/>\s*<readonly\/>/,
    );
    expect(xml.stdout).toContain("<interface type='user'>");
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('without a way to log in says so, and has no network where none is wanted', async () => {
    const { host, image } = imageHost();
    const args = ['create-vm', 'demo', '--image', image, '--network', 'none', '--dry-run', '--emit', 'argv'];
    const { stdout, stderr } = await host.run(args);
    expect(stderr).toContain('neither --ssh-key nor --user-data nor --cloud-init is given');
    expect(stdout).not.toContain('netdev');
  });

  test.each([
    ['qemu-img', 'create', 'image.overlay-failed', 5],
    ['xorriso', '*', 'seed.failed', 5],
  ])('leaves nothing where %s fails', async (tool, verb, code, expected) => {
    const { host, create } = imageHost();
    host.replaceTool(
      tool,
      `case $1 in ${verb}) echo "${tool}: disk full" >&2; exit 1 ;; esac; exec ${whereIs(tool)} "$@"`,
    );
    const { status, stdout } = await host.run([...create, '--json']);
    expect(JSON.parse(stdout).error).toMatchObject({ code, message: expect.stringContaining('disk full') });
    expect(status).toBe(expected);
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('is refused, and everything is as before, where no tool makes the seed or the disk would be too small', async () => {
    const { host, image, create } = imageHost();
    const small = await host.run([...create, '--disk-size', '512M', '--json']);
    expect(JSON.parse(small.stdout).error).toMatchObject({
      code: 'image.disk-too-small',
      message: `--disk-size 512 MiB is less than the 1 GiB of ${image}: a disk can be made larger than its image, never smaller`,
    });
    host.removeTool('xorriso');
    const none = await host.run([...create, '--json']);
    expect(JSON.parse(none.stdout).error).toMatchObject({ code: 'seed.tool-missing' });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('of a ghpass that is killed while it makes the seed is gone after recover, secrets and all', async () => {
    const { host, create } = imageHost();
    host.replaceTool('xorriso', 'echo $$ > $GRACE_ROOT/xorriso.pid; exec sleep 60');
    const running = host.start(create);
    await host.appears('/xorriso.pid');
    while (readFileSync(host.path('/xorriso.pid'), 'utf8') === '') await sleep(20);
    expect(existsSync(host.path(`${GUEST}/seed/user-data`))).toBe(true);
    process.kill(running.pid, 'SIGKILL');
    process.kill(Number(readFileSync(host.path('/xorriso.pid'), 'utf8')));
    await running.ended;
    const recovered = await host.run(['recover']);
    expect(recovered, recovered.stderr).toMatchObject({ status: 0 });
    expect(recovered.stdout).toContain(`${GPU}: what ghpass create-vm had changed is undone`);
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });
});
