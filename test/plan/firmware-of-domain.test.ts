import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { firmwareAavmf } from '../../src/checks/plan/firmware-aavmf.ts';
import type { FirmwareFacts } from '../../src/host/firmware.ts';
import { readDomain } from '../../src/libvirt/read-domain.ts';
import { graceHost, hopper, openMadeUp, TOOLS } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';

const image = (code: string, version: string): FirmwareFacts => ({
  code,
  variablesTemplate: code.replace('CODE', 'VARS'),
  format: 'raw',
  package: { name: 'qemu-efi-aarch64', version },
});
const BAD = image('/usr/share/AAVMF/AAVMF_CODE.fd', '2022.11-6');
const GOOD = image('/opt/edk2/CODE.fd', '2025.02-8');

/** Plan and findings for a domain that boots so. */
async function booting(os: string, ...firmware: FirmwareFacts[]) {
  const domain = readDomain(`<domain type='kvm'><name>demo</name><memory>16777216</memory>${os}</domain>`);
  const facts = await planFacts(openMadeUp(graceHost([hopper()])), {
    request: { domain },
    tools: { ...TOOLS, firmware },
  });
  return { firmware: facts.plan.firmware, findings: assess([firmwareAavmf], facts) };
}

const AUTOMATIC = "<os firmware='efi'><type arch='aarch64'>hvm</type></os>";
const named = (code: string) => `<os><type arch='aarch64'>hvm</type><loader type='pflash'>${code}</loader></os>`;

describe('a domain boots its own firmware, whatever ghpass would take', () => {
  test('libvirt is going to take the first image: the finding names a good one', async () => {
    const { firmware, findings } = await booting(AUTOMATIC, BAD, GOOD);
    expect(firmware.code).toBe(BAD.code);
    expect(findings).toMatchObject([
      {
        subject: BAD.code,
        severity: 'fail',
        message: 'qemu-efi-aarch64 2022.11-6 loses all NUMA nodes of the guest: Linux fakes a single one',
        remedy: [
          `virsh edit demo   # ${GOOD.code} as <loader> instead of firmware='efi'`,
          expect.stringMatching(/^install qemu-efi-aarch64/),
        ],
      },
    ]);
    expect((await booting(AUTOMATIC, GOOD, BAD)).findings).toEqual([]);
  });

  test('an image that it names is judged, also where there are better ones', async () => {
    expect((await booting(named(GOOD.code), BAD, GOOD)).findings).toEqual([]);
    expect((await booting(named(BAD.code), GOOD, BAD)).findings).toMatchObject([{ subject: BAD.code }]);
  });

  test('an image with secure boot is judged by the other images of its directory', async () => {
    const signed = '/usr/share/AAVMF/AAVMF_CODE.ms.fd';
    const { firmware, findings } = await booting(named(signed), GOOD, BAD);
    expect(firmware).toEqual({ code: signed, variablesTemplate: BAD.variablesTemplate, format: 'raw' });
    expect(findings).toMatchObject([{ subject: signed }]);
  });

  test('an image that nobody described stands in nobody’s way, and needs no other', async () => {
    const own = '/srv/firmware/own.fd';
    expect(await booting(named(own), BAD)).toEqual({
      firmware: { code: own, variablesTemplate: '', format: 'raw' },
      findings: [],
    });
    expect((await booting(named(own))).findings).toEqual([]);
    await expect(booting(AUTOMATIC)).rejects.toMatchObject({ code: 'firmware.missing' });
  });
});
