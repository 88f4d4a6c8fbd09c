import { randomUUID } from 'node:crypto';
import { assess } from '../../checks/check.ts';
import { DOMAIN_CHECKS } from '../../checks/domain/index.ts';
import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { applyPlan } from '../../libvirt/apply-plan.ts';
import { baseDomain } from '../../libvirt/base-domain.ts';
import type { Profile } from '../../libvirt/profile.ts';
import { readDomain } from '../../libvirt/read-domain.ts';
import { Virsh } from '../../libvirt/virsh.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import { recordBinding } from '../binding/binding.ts';
import { makeDefinition } from '../definition/definition.ts';
import type { GuestDefinition } from '../definition/definition-schema.ts';
import { withBoundGpus } from '../gpus/with-bound-gpus.ts';
import { madeFiles, makeDisks } from '../image/disks.ts';
import type { Journal } from '../journal/journal.ts';
import { type CreateOptions, lookAtDisks } from '../life/create.ts';
import { startDeadlineMs } from '../life/launch.ts';
import { type GuestJournals, makeGuest, requireNewGuest } from '../life/new-guest.ts';
import { type Prepared, prepareGuest, requireBound } from '../life/prepare.ts';
import { chooseProfile, type ProfileChoice, requestFor } from './choose-profile.ts';
import { defineAndReadBack } from './define.ts';
import { requireThisMachine } from './require-this-machine.ts';

export interface DomainChoice extends Omit<ProfileChoice, 'dryRun'> {
  /** libvirt binds the GPUs at each start of the guest, and gives them back at its end. */
  managed: boolean;
  /** Text of the base domain. */
  template: string;
}

/** A plan for a domain that is not there yet. */
export interface PreparedDomain extends Prepared {
  profile: Profile;
}

export interface CreatedDomain extends PreparedDomain {
  /** Null where a check failed, so that nothing was defined. */
  domain: { name: string; uuid: string; uri: string; consoleLog: string } | null;
}

/** Where libvirt's own log daemon may write on every distribution. */
export function consoleLogOf(name: string): string {
  return `/var/log/libvirt/qemu/${name}.console.log`;
}

/**
 * Plans a new domain, and changes nothing. What its template has that cannot be with a GPU is found as in a domain that somebody else
 * wrote.
 */
export async function prepareDomain(
  host: Host,
  options: Pick<CreateOptions, 'addresses' | 'request' | 'open'> & ProfileChoice & Pick<DomainChoice, 'template'>,
): Promise<PreparedDomain> {
  const chosen = await chooseProfile(host, options);
  const { profile, libvirt } = chosen;
  const { addresses, open } = options;
  const prepared = await prepareGuest(host, addresses, requestFor(chosen, options.request), { open, libvirt });
  const domain = readDomain(baseXml(prepared, options.template, null));
  const conflicts = assess(DOMAIN_CHECKS, { domain, plan: prepared.plan, numa: prepared.host.numa });
  const ofTemplate = conflicts.map(({ remedy, ...finding }) => ({
    ...finding,
    remedy: remedy.map((command) => command.replace(/^virsh edit .* {3}# /, 'in the template: ')),
  }));
  return { ...prepared, findings: [...ofTemplate, ...prepared.findings], profile };
}

function baseXml({ plan, tools }: Prepared, template: string, uuid: string | null): string {
  return baseDomain(template, plan, { uuid, consoleLog: consoleLogOf(plan.name), tools });
}

/** The template with the guest of a plan in it, and its GPUs. */
export function domainXml(prepared: PreparedDomain, { template, managed }: DomainChoice, uuid: string | null): string {
  return applyPlan(baseXml(prepared, template, uuid), prepared.plan, prepared.profile, { managed });
}

/**
 * Plans a guest, defines it in libvirt, starts it and leaves it running. After a failure or an interrupt the domain and the
 * bindings that were made for it are gone.
 * @throws GhpassError `libvirt.other-host`, `guest.exists`, `libvirt.dropped`, those of `Virsh` and of any step before.
 */
export async function createDomain(host: Host, options: CreateOptions & DomainChoice): Promise<CreatedDomain> {
  const { request, bind, managed, profile, connect: uri, disks, directories } = options;
  const { name } = request;
  requireNewGuest(name, options);
  const image = await lookAtDisks(options);
  await requireThisMachine(host, uri);
  const command = 'ghpass create-vm';
  return withBoundGpus(host, { ...options, guest: name, afterwards: 'keep', command }, async () => {
    const uuid = randomUUID();
    const prepared = await prepareDomain(host, { ...options, dryRun: false });
    if (!options.managed) requireBound(prepared);
    const isStopped = prepared.findings.some(({ severity }) => severity === 'fail');
    if (isStopped) return { ...prepared, domain: null };
    const gpus = prepared.plan.gpus.map(({ address }) => address);
    await makeGuest(name, command, options, async (journals) => {
      const domain = { uri, uuid, managed, profile };
      const definition: GuestDefinition = {
        schemaVersion: 1,
        backend: 'libvirt',
        request,
        gpus,
        bind,
        domain,
        files: madeFiles(disks),
      };
      const directory = makeDefinition(directories.guests, definition, journals.lasting);
      await makeDisks(disks, image, directory, { ...options, name, journal: journals.lasting });
      await startNewDomain(prepared.plan, domainXml(prepared, options, uuid), { ...options, uuid, journals });
    });
    return { ...prepared, domain: { name, uuid, uri: options.connect, consoleLog: consoleLogOf(name) } };
  });
}

interface StartOptions extends Pick<CreateOptions, 'signal' | 'progress' | 'deadlineMs'> {
  connect: string;
  managed: boolean;
  uuid: string;
}

/**
 * Defines and starts a new domain; whoever has the journal undoes both.
 * @throws GhpassError as {@link createDomain}.
 */
export async function startNewDomain(
  plan: GuestPlan,
  xml: string,
  { journals, ...options }: StartOptions & { journals: GuestJournals },
): Promise<Virsh> {
  const { connect, uuid, signal, progress } = options;
  const { name } = plan;
  const virsh = new Virsh(connect, { signal });
  if ((await virsh.domainNames()).includes(name)) throw exists(name, connect);
  journals.lasting.record({ kind: 'directory', path: consoleLogOf(name) });
  journals.lasting.record({ kind: 'domain', uri: connect, name, uuid, before: null });
  progress(`defining ${name} at ${connect}`);
  await defineAndReadBack(virsh, name, xml, journals.lasting);
  await startDomain(plan, { ...options, journal: journals.running });
  return virsh;
}

/**
 * Starts a domain that is defined; whoever has the journal ends it.
 * @throws GhpassError those of `Virsh.start`.
 */
export async function startDomain(
  { name, memoryBytes, gpus }: Pick<GuestPlan, 'name' | 'memoryBytes' | 'gpus'>,
  { connect, managed, uuid, journal, signal, progress, deadlineMs }: StartOptions & { journal: Journal },
): Promise<void> {
  const virsh = new Virsh(connect, { signal });
  // A GPU that an unmanaged guest had before was still bound after the managed one (libvirt 11.3 and 12.8, in the lab).
  if (managed) for (const { address } of gpus) recordBinding(address, journal);
  journal.record({ kind: 'domain-run', uri: connect, name, uuid });
  const within = deadlineMs ?? startDeadlineMs(memoryBytes);
  const seconds = Math.round(within / 1000);
  progress(`starting ${name}: its memory is pinned, at most ${seconds} s`);
  await virsh.start(name, {
    deadlineMs: within,
    env: journal.environment,
    onWait: (elapsed) => progress(`starting ${name}: ${Math.round(elapsed / 1000)} s of at most ${seconds} s`),
  });
}

function exists(name: string, connect: string): GhpassError {
  return new GhpassError('check', {
    code: 'guest.exists',
    message: `there is a domain named ${name} at ${connect} already`,
    suggestions: ['choose another name', `ghpass attach ${name} ADDRESS   # to give it a GPU`],
  });
}
