import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { canCompile, compileKiller, counting, deaths, dying, stepsIn } from '../fixtures/die-at-flush.ts';
import { canRunLibvirt, type LibvirtHost, startLibvirt } from '../libvirt/kit/libvirt-host.ts';
import { SUITES } from '../libvirt/kit/userland.ts';
import type { Run } from './kit/ghpass.ts';
import { canSeeOpenFiles, GPU } from './kit/grace-host.ts';
import { type GraceLibvirt, graceLibvirtIn } from './kit/grace-libvirt.ts';
import { stateOf, UNTOUCHED } from './kit/host-state.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** A command is killed at each of its steps, and each run asks a libvirt some ten times. */
const PATIENCE_MS = 600_000;

/** Somebody else's domain, which this machine can start. */
const FOREIGN = `<domain type='qemu'>
  <name>demo</name>
  <description>a &lt;b&gt; &amp; "c"</description>
  <memory unit='MiB'>512</memory>
  <vcpu>2</vcpu>
  <os firmware='efi'><type arch='aarch64' machine='virt'>hvm</type></os>
  <features><acpi/><gic version='3'/></features>
  <cpu mode='maximum'/>
  <devices>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
    <memballoon model='none'/>
  </devices>
</domain>
`;

const CREATE = ['create-vm', 'new', '--backend', 'libvirt', '--accel', 'tcg', '--memory', '1G'];
const CREATE_BOUND = [...CREATE, '--bind'];
const ATTACH = ['attach', 'demo', GPU, '--yes'];
const DETACH = ['detach', 'demo', '--yes'];
/** The GPU is not there for real, so no guest starts; QEMU's part is played. */
const STARTS = 'case "$*" in *" start "*) exit 0;; esac';

const END_LIBVIRTD = 'kill "$(cat /run/libvirtd.pid)"; while [ -e /run/libvirtd.pid ]; do sleep 0.1; done';

const KILL_LIBVIRTD =
  'pid=$(cat /run/libvirtd.pid); kill -KILL "$pid"; while kill -0 "$pid" 2> /dev/null; do sleep 0.05; done';

const temporaryDirectory = temporaryDirectories();
const runnable = canRunLibvirt() && canSeeOpenFiles() && canCompile();

describe.runIf(runnable).each(SUITES)('libvirt of %s', { timeout: PATIENCE_MS }, (suite) => {
  let libvirt: LibvirtHost;
  let killer: string;
  let grace: GraceLibvirt;
  /** FOREIGN as libvirt keeps it. */
  let old: string;

  beforeAll(async () => {
    installedPackage();
    killer = compileKiller(temporaryDirectory());
    libvirt = await startLibvirt(suite);
  });
  afterAll(() => libvirt.stop());
  /** Plays the guest of `new`, which cannot start without a GPU. @returns a file that is there while it runs. */
  function playGuest(): string {
    const there = grace.host.path('/there');
    const played = ['domstate', 'shutdown', 'destroy', 'start'].map((command) => `*" ${command} --domain=new"*`);
    const [domstate, shutdown, destroy, start] = played;
    grace.beforeVirsh(`case "$*" in
      ${start}) : > ${there}; exit 0;;
      ${domstate}) if [ -e ${there} ]; then echo running; else echo 'shut off'; fi; exit 0;;
      ${shutdown}|${destroy}) rm -f ${there}; exit 0;; esac`);
    return there;
  }

  beforeEach(async () => {
    grace = graceLibvirtIn(temporaryDirectory(), libvirt);
    await grace.define(FOREIGN);
    old = (await grace.definition('demo')) ?? '';
  });
  afterEach(async () => {
    for (const name of (await grace.virsh('list', '--name')).split('\n').filter(Boolean))
      await grace.virsh('destroy', name);
    for (const name of (await grace.virsh('list', '--all', '--name')).split('\n').filter(Boolean))
      await grace.virsh('undefine', '--nvram', name);
  });

  test('attach, once more, and detach: the same domain as before', async () => {
    expect(await grace.run(ATTACH)).toMatchObject({ status: 0, stdout: `demo has ${GPU}\n` });
    const attached = await grace.definition('demo');
    expect(attached).toContain(suite === 'trixie' ? 'acpi-generic-initiator,id=' : "<acpi nodeset='1-8'/>");
    expect(attached).toMatch(/<ghpass:gpu address=['"]0009:01:00\.0/);
    expect(await grace.run(['attach', 'demo', GPU, '--diff'])).toMatchObject({ status: 0, stdout: '' });
    expect(await grace.run(['attach', 'demo', GPU])).toMatchObject({ status: 0, stdout: 'demo stays as it is\n' });
    expect(await grace.definition('demo')).toBe(attached);
    const json = JSON.parse((await grace.run([...DETACH, '--json'])).stdout);
    expect(json).toMatchObject({
      status: 'ok',
      result: { domain: { name: 'demo' }, plan: null, defined: true, running: false },
    });
    expect(await grace.definition('demo')).toBe(old);
    expect(await grace.run(DETACH)).toMatchObject({ status: 0, stdout: 'demo stays as it is\n' });
    expect(stateOf(grace.host)).toEqual(UNTOUCHED);
  });

  test.each([[['attach', 'demo', GPU]], [['attach', 'demo', GPU, '--no-input']]])(
    'nobody said yes to %j: nothing is defined',
    async (args) => {
      const run = await grace.run(args);
      expect(run).toMatchObject({ status: 2, stdout: '' });
      const words = [
        '✖ demo would be defined anew',
        '  Code: confirmation-missing',
        `  Try this: ghpass ${args.join(' ')} --yes`,
      ];
      expect(run.stderr).toContain(words.join('\n'));
      expect(await grace.definition('demo')).toBe(old);
      expect(stateOf(grace.host)).toEqual(UNTOUCHED);
    },
  );

  test('a running guest has the change at its next boot', async () => {
    await grace.virsh('start', 'demo');
    const { status, stdout } = await grace.run(ATTACH);
    expect([status, stdout]).toEqual([0, expect.stringContaining('has the change at its next boot')]);
    expect(await grace.virsh('domstate', 'demo')).toContain('running');
    expect(await grace.virsh('dumpxml', 'demo')).not.toContain('ghpass:gpu');
    expect(await grace.definition('demo')).toContain('ghpass:gpu');
    const late = `demo runs as it was started, and gets ${GPU} at its next boot`;
    const verified = await grace.run(['verify', 'demo', '--json']);
    expect(verified.status).toBe(1);
    const suggestions = ['shutdown demo', 'start demo   # when it is off'].map(
      (command) => `virsh --connect=qemu:///system ${command}`,
    );
    expect(JSON.parse(verified.stdout).error).toEqual({ code: 'guest.next-boot', message: late, suggestions });
    const looked = JSON.parse((await grace.run(['monitor', 'demo', '--once', '--json'])).stdout);
    expect(looked).toMatchObject({ status: 'warn', findings: [{ id: 'guest.next-boot', message: late }] });
  });

  test('an element that libvirt drops is an error, and the old domain is back', async () => {
    const once = grace.host.path('/once');
    grace.beforeVirsh(
      `case "$*" in *" define "*) if [ ! -e ${once} ]; then grep -v "<rom bar" > ${once}; exec < ${once}; fi;; esac`,
    );
    const run = await grace.run(ATTACH);
    expect(run).toMatchObject({ status: 5, stdout: '' });
    expect(run.stderr).toContain('✖ demo: libvirt did not keep domain/devices/hostdev/rom\n  Code: libvirt.dropped');
    expect(await grace.definition('demo')).toBe(old);
    expect(stateOf(grace.host)).toEqual(UNTOUCHED);
  });

  test.each([
    ['bound by ghpass', CREATE_BOUND],
    ['managed by libvirt', [...CREATE, '--managed']],
  ])('create-vm whose guest does not start leaves nothing: %s', async (_how, args) => {
    const run = await grace.run(args);
    expect(run.stderr).toContain('Code: libvirt.start-failed');
    expect(run).toMatchObject({ status: 5, stdout: '' });
    expect(await grace.definition('new')).toBeNull();
    expect(stateOf(grace.host)).toEqual(UNTOUCHED);
  });

  test('create-vm, create-vm again, delete', async () => {
    grace.beforeVirsh(STARTS);
    const made = await grace.run([...CREATE_BOUND, '--json']);
    const { result } = JSON.parse(made.stdout);
    expect(result.domain).toMatchObject({
      name: 'new',
      uri: 'qemu:///system',
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(await grace.definition('new')).toContain(`<uuid>${result.domain.uuid}</uuid>`);
    expect(grace.host.journals()).toEqual([`${GPU}.jsonl`, 'definition-new.jsonl', 'guest-new.jsonl']);
    expect((await grace.run(CREATE)).stderr).toContain('Code: guest.exists\n  Try this: choose another name');
    expect((await grace.run([...CREATE.with(1, 'demo')])).stderr).toContain(
      '✖ there is a domain named demo at qemu:///system already',
    );
    expect(await grace.definition('demo')).toBe(old);
    expect(await grace.run(['delete', 'new', '--yes'])).toMatchObject({ status: 0 });
    expect(await grace.definition('new')).toBeNull();
    expect(stateOf(grace.host)).toEqual(UNTOUCHED);
  });

  test('a guest of libvirt is stopped, started, listed beside the domain of somebody else, and deleted', async () => {
    const there = playGuest();
    await grace.run(ATTACH);
    expect(await grace.run(CREATE_BOUND)).toMatchObject({ status: 0 });
    const listed = async () =>
      JSON.parse((await grace.run(['list', '--json'])).stdout).result.guests.map(
        ({ name, state, own, gpus }: { name: string; state: string; own: boolean; gpus: string[] }) => [
          name,
          state,
          own,
          ...gpus,
        ],
      );
    const theirs = ['demo', 'off', false, GPU];
    expect(await listed()).toEqual([theirs, ['new', 'running', true, GPU]]);
    expect((await grace.run(['start', 'new'])).stderr).toContain('✖ new cannot be started: it is running');
    const made = await grace.definition('new');

    expect(await grace.run(['stop', 'new'])).toMatchObject({ status: 0, stdout: 'new powered off\n' });
    expect(await listed()).toEqual([theirs, ['new', 'off', true, GPU]]);
    expect(stateOf(grace.host)).toEqual({ ...UNTOUCHED, journals: ['definition-new.jsonl'], definitions: ['new'] });
    expect(await grace.definition('new')).toBe(made);

    const started = await grace.run(['start', 'new']);
    expect(started, started.stderr).toMatchObject({ status: 0 });
    expect(started.stdout).toMatch(/^new runs: domain [0-9a-f-]{36} at qemu:\/\/\/system\n$/);
    expect(grace.host.driver()).toBe('nvgrace_gpu_vfio_pci');
    expect((await grace.run(['status', 'new'])).stdout).toMatch(/ {2}backend {2}libvirt at qemu:\/\/\/system\n/);
    expect((await grace.run(['stop', 'demo'])).stderr).toContain('Code: guest.unknown');
    expect(await grace.run(['stop', 'new', '--force'])).toMatchObject({ status: 0 });
    expect(existsSync(there)).toBe(false);

    expect(await grace.run(['delete', 'new', '--yes'])).toMatchObject({ status: 0 });
    expect(await grace.definition('new')).toBeNull();
    expect(stateOf(grace.host)).toEqual(UNTOUCHED);
  });

  test('where libvirt does not answer, list says so, and lists what ghpass has', async () => {
    grace.beforeVirsh('echo "error: failed to connect to the hypervisor" >&2; exit 1');
    const { status, stdout } = await grace.run(['list', '--json']);
    expect([status, JSON.parse(stdout)]).toMatchObject([
      0,
      { status: 'ok', result: { guests: [] }, findings: [{ id: 'libvirt.unreachable', severity: 'info' }] },
    ]);
  });

  test.each(['define', 'start'])('Ctrl-C while virsh is at %s', async (command) => {
    grace.beforeVirsh(`case "$*" in *" ${command} "*) : > ${grace.host.path('/there')}; exec sleep 60;; esac`);
    const running = grace.start(CREATE_BOUND);
    await grace.host.appears('/there');
    process.kill(running.pid, 'SIGINT');
    expect(await running.ended).toMatchObject({ status: 130 });
    expect(await grace.definition('new')).toBeNull();
    expect(stateOf(grace.host)).toMatchObject({ driver: null, override: '', journals: [] });
  });

  test.each([
    ['before libvirt has the document', ': > $done; kill -9 $$'],
    ['when libvirt has the document', 'real "$@"; : > $done; kill -9 $$'],
    ['while libvirt looks at the document', '(sleep 1; real "$@"; : > $done) > /dev/null 2>&1 & sleep 0.1; kill -9 $$'],
  ])('a virsh that is killed %s: the old domain', async (_when, script) => {
    const once = grace.host.path('/once');
    grace.beforeVirsh(
      `done=${once}.done; case "$*" in *" define "*) if [ ! -e ${once} ]; then : > ${once}; cat > ${once}.xml; set -- "$1" "$2" define "--file=${once}.xml" --validate; ${script}; fi;; esac`,
    );
    expect(await grace.run(ATTACH)).toMatchObject({ status: 5 });
    await grace.host.appears('/once.done');
    expect(await grace.definition('demo')).toBe(old);
    expect(stateOf(grace.host)).toEqual(UNTOUCHED);
  });

  test('a virsh that outlives its ghpass is waited for, and what it did is undone', async () => {
    const there = grace.host.path('/there');
    grace.beforeVirsh(
      `case "$*" in *" define "*) if [ ! -e ${there} ]; then cat > ${there}.xml; : > ${there}; sleep 2; real "$1" "$2" define "--file=${there}.xml"; exit; fi;; esac`,
    );
    const running = grace.start(ATTACH);
    await grace.host.appears('/there');
    process.kill(running.pid, 'SIGKILL');
    await running.ended;
    const recovered = await grace.run(['recover']);
    expect(recovered.stderr).toContain('waiting for process');
    expect(recovered.stdout).toBe('demo: the old domain at qemu:///system, as it was before ghpass attach\n');
    expect(await grace.definition('demo')).toBe(old);
  });

  async function startLibvirtdAgain(): Promise<void> {
    await libvirt.run('/bin/sh', ['-c', 'libvirtd --daemon < /dev/null > /dev/null 2>&1']);
    const answers = () =>
      grace.virsh('list').then(
        () => true,
        () => false,
      );
    await expect.poll(answers, { timeout: 30_000 }).toBe(true);
  }

  test('a libvirtd that ends in the middle: recover brings the old domain back when there is one again', async () => {
    const [there, go] = [grace.host.path('/there'), grace.host.path('/go')];
    grace.beforeVirsh(
      `case "$*" in *" define "*) real "$@"; : > ${there}; while [ ! -e ${go} ]; do sleep 0.1; done; exit 0;; esac`,
    );
    const running = grace.start(ATTACH);
    await grace.host.appears('/there');
    await libvirt.run('/bin/sh', ['-c', END_LIBVIRTD]);
    writeFileSync(go, '');
    const ended = await running.ended;
    expect(ended).toMatchObject({ status: 5 });
    expect(ended.stderr).toContain('Code: libvirt.unreachable');
    expect((await grace.run(['recover'])).stderr).toContain('could not be put back');
    await startLibvirtdAgain();
    expect(await grace.definition('demo')).toContain('ghpass:gpu');
    const json = JSON.parse((await grace.run(['recover', '--json'])).stdout);
    expect(json.result.recovered).toMatchObject([
      { command: 'ghpass attach', kept: false, domains: [{ name: 'demo', state: 'old' }] },
    ]);
    expect(JSON.stringify(json)).not.toContain('<domain');
    expect(await grace.definition('demo')).toBe(old);
  });

  describe('kill -9 at every call of virsh, then recover:', () => {
    const KILLED = ['libvirtd', 'virsh'] as const;
    const WHEN = ['before', 'after'] as const;

    /**
     * Runs a command, and kills virsh or its daemon before or after what virsh does when it is called for the nth time.
     * @returns null where the command called it less often.
     */
    async function killAtCall(
      args: readonly string[],
      { who, when, call }: { who: (typeof KILLED)[number]; when: (typeof WHEN)[number]; call: number },
      played: string,
    ): Promise<Run | null> {
      const [calls, there, go] = ['calls', 'there', 'go'].map((name) => join(temporaryDirectory(), name));
      const die = who === 'virsh' ? 'kill -9 $$' : `while [ ! -e ${go} ]; do sleep 0.05; done`;
      grace.beforeVirsh(`printf x >> ${calls}
        if [ "$(wc -c < ${calls})" -eq ${call} ]; then
          ${when === 'before' ? '' : `(${played}\n real "$@"); status=$?`}
          : > ${there}
          ${die}
          ${when === 'before' ? '' : 'exit $status'}
        fi
        ${played}`);
      const { ended } = grace.start(args);
      let isOver = false;
      void ended.then(() => {
        isOver = true;
      });
      await expect.poll(() => isOver || existsSync(there ?? ''), { timeout: 60_000, interval: 20 }).toBe(true);
      const isKilled = existsSync(there ?? '');
      if (isKilled && who === 'libvirtd') {
        await libvirt.run('/bin/sh', ['-c', KILL_LIBVIRTD]);
        writeFileSync(go ?? '', '');
      }
      const run = await ended;
      if (isKilled && who === 'libvirtd') await startLibvirtdAgain();
      grace.beforeVirsh(played);
      return isKilled ? run : null;
    }

    test.each(KILLED.flatMap((who) => WHEN.map((when) => [who, when] as const)))(
      '%s, %s it did its work: attach leaves the old domain or the new one, create-vm a domain that is whole or none',
      { timeout: 2 * PATIENCE_MS },
      async (who, when) => {
        await grace.run(ATTACH);
        const attached = await grace.definition('demo');
        await grace.run(DETACH);
        const left = new Set<string>();
        let call = 1;
        for (; ; call += 1) {
          const run = await killAtCall(ATTACH, { who, when, call }, '');
          const recovered = await grace.run(['recover']);
          expect(recovered, `call ${call}`).toMatchObject({ status: 0 });
          const now = await grace.definition('demo');
          expect(now, `call ${call}`).toBe((run ?? { status: 0 }).status === 0 ? attached : old);
          left.add(now === old ? 'old' : 'new');
          if (recovered.stdout.includes('demo'))
            expect(recovered.stdout).toBe('demo: the old domain at qemu:///system, as it was before ghpass attach\n');
          expect(stateOf(grace.host), `call ${call}`).toEqual(UNTOUCHED);
          if (now === attached) await grace.run(DETACH);
          if (run === null) break;
        }
        expect(call).toBeGreaterThan(4);
        expect([...left]).toContain('new');

        for (call = 1; ; call += 1) {
          const run = await killAtCall(CREATE_BOUND, { who, when, call }, STARTS);
          expect(await grace.run(['recover']), `call ${call}`).toMatchObject({ status: 0 });
          const isThere = (await grace.definition('new')) !== null;
          expect(isThere, `call ${call}`).toBe((run ?? { status: 0 }).status === 0);
          if (isThere) expect(await grace.run(['delete', 'new', '--yes'])).toMatchObject({ status: 0 });
          expect(stateOf(grace.host), `call ${call}`).toEqual(UNTOUCHED);
          if (run === null) break;
        }
        expect(call).toBeGreaterThan(4);
      },
    );
  });

  describe('kill -9 at every step, then recover:', () => {
    async function stepsOf(args: string[]): Promise<number> {
      const counter = join(temporaryDirectory(), 'steps');
      expect(await grace.run(args, counting(killer, counter))).toMatchObject({ status: 0 });
      return stepsIn(counter);
    }

    test.each([
      ['attach', ATTACH, DETACH],
      ['detach', DETACH, ATTACH],
    ])('%s is the old domain, and recover says so', async (command, args, back) => {
      if (command === 'detach') await grace.run(ATTACH);
      const before = await grace.definition('demo');
      const steps = await stepsOf(args);
      await grace.run(back);
      expect(await grace.definition('demo')).toBe(before);
      for (const death of deaths(steps)) {
        expect(await grace.run(args, dying(killer, death)), JSON.stringify(death)).toMatchObject({ status: null });
        const { status, stdout } = await grace.run(['recover']);
        expect([status, stdout], JSON.stringify(death)).toEqual([
          0,
          expect.stringMatching(
            new RegExp(
              `^(demo: the old domain at qemu:///system, as it was before ghpass ${command}|domain-\\S+: what ghpass ${command} had changed is undone|nothing was left behind)\\n$`,
            ),
          ),
        ]);
        expect(await grace.definition('demo'), JSON.stringify(death)).toBe(before);
        expect(stateOf(grace.host)).toEqual(UNTOUCHED);
      }
      expect(steps).toBe(2);
    });

    test.each([
      ['stop', [], ['start', 'new']],
      ['start', ['stop', 'new', '--force'], ['stop', 'new', '--force']],
    ])('%s leaves a guest that runs, or one that is off', async (command, first, back) => {
      const there = playGuest();
      await grace.run(CREATE_BOUND);
      const made = await grace.definition('new');
      if (first.length > 0) await grace.run(first);
      const args = command === 'stop' ? ['stop', 'new', '--force'] : ['start', 'new'];
      const steps = await stepsOf(args);
      await grace.run(back);
      for (const death of deaths(steps)) {
        expect(await grace.run(args, dying(killer, death)), JSON.stringify(death)).toMatchObject({ status: null });
        expect(await grace.run(['recover']), JSON.stringify(death)).toMatchObject({ status: 0 });
        const isRunning = existsSync(there);
        expect(grace.host.journals(), JSON.stringify(death)).toEqual(
          isRunning ? [`${GPU}.jsonl`, 'definition-new.jsonl', 'guest-new.jsonl'] : ['definition-new.jsonl'],
        );
        expect(grace.host.driver()).toBe(isRunning ? 'nvgrace_gpu_vfio_pci' : null);
        expect(await grace.definition('new')).toBe(made);
        if (isRunning === (command === 'start')) expect(await grace.run(back)).toMatchObject({ status: 0 });
      }
      expect(await grace.run(['delete', 'new', '--yes'])).toMatchObject({ status: 0 });
      expect(stateOf(grace.host)).toEqual(UNTOUCHED);
    });

    test('create-vm leaves a domain that is whole, or none', async () => {
      grace.beforeVirsh(STARTS);
      const steps = await stepsOf(CREATE_BOUND);
      await grace.run(['delete', 'new', '--yes']);
      const said = new Set<string>();
      for (const death of deaths(steps)) {
        expect(await grace.run(CREATE_BOUND, dying(killer, death)), JSON.stringify(death)).toMatchObject({
          status: null,
        });
        const { status, stdout } = await grace.run(['recover']);
        expect(status).toBe(0);
        for (const line of stdout.trim().split('\n')) said.add(line);
        const isKept = (await grace.definition('new')) !== null;
        expect(grace.host.journals(), JSON.stringify(death)).toEqual(
          isKept ? [`${GPU}.jsonl`, 'definition-new.jsonl', 'guest-new.jsonl'] : [],
        );
        expect(grace.host.driver()).toBe(isKept ? 'nvgrace_gpu_vfio_pci' : null);
        if (!isKept) continue;
        expect(await grace.run(['delete', 'new', '--yes'])).toMatchObject({ status: 0 });
      }
      expect(said).toContain('new: no domain at qemu:///system, as before ghpass create-vm');
      expect(said).toContain(`${GPU}: stays with the guest of ghpass create-vm`);
    });
  });
});
