import { expect, test } from 'vitest';
import { ALL_CHECKS } from '../../src/checks/all.ts';
import { CHECK_KINDS } from '../../src/checks/kinds.ts';
import type { Case } from './cases.ts';
import { DEVICE_CASES } from './device-cases.ts';
import { HOST_CASES } from './host-cases.ts';
import { PLAN_CASES } from './plan-cases.ts';
import { REFUSAL_CASES } from './refusal-cases.ts';

const CASES: readonly Case[] = [...HOST_CASES, ...DEVICE_CASES, ...REFUSAL_CASES, ...PLAN_CASES];
const IDS = ALL_CHECKS.map(({ id }) => id);

/** Checks for which there is nothing that they could not know, and why. */
const ALWAYS_KNOWN: Readonly<Record<string, string>> = {
  'driver.unbound': 'a device without the link has no driver',
  'driver.generic-bound': 'a device without the link has no driver',
  'driver.override-lost': 'a device without the file has no override',
  'driver.new-id': 'a device without the file has no override',
  'gpu.vfs-enabled': 'a device without the file has no virtual functions',
  'nvlink2.bridges': 'what the device tree does not name is the finding',
  'vfio.not-opened': 'ghpass knows what it did',
  'vfio.probe-reset': 'ghpass knows what it did',
  'stack.version': 'a QEMU that is not there is the finding',
  'libvirt.version': 'that it is not known is the finding',
  'libvirt.unreachable': 'a libvirt that is not there is the finding',
  'kvm.unusable': 'a KVM that is not there is the finding',
  'kernel.nodes-shift': 'a kernel that is not known is taken for one with the default of arm64',
  'stack.smmu': 'what is not known is the finding',
  'vcmdq.memory': 'the plan says it',
  'qemu.gi-node-range': 'the plan says it',
  'numa.distances-unknown': 'what is not known is the finding',
};

/** A case of each check: the tests of a healthy host are one more for each of them. */
const has = (id: string, isKind: (one: Case) => boolean) => CASES.some((one) => one.id === id && isKind(one));

test.each(IDS)('%s has a case that it finds, and one of which it does not know', (id) => {
  expect(has(id, ({ says }) => says !== undefined)).toBe(true);
  expect(has(id, ({ notKnown }) => notKnown !== undefined)).toBe(!(id in ALWAYS_KNOWN));
});

test('all cases, exceptions and kinds are of checks that there are', () => {
  const named = [...CASES.map(({ id }) => id), ...Object.keys(ALWAYS_KNOWN), ...CHECK_KINDS.keys()];
  expect(named.filter((id) => !IDS.includes(id))).toEqual([]);
});

test('ids are unique, dotted and lower case; there are forty or more', () => {
  expect(new Set(IDS).size).toBe(IDS.length);
  expect(IDS.length).toBeGreaterThanOrEqual(40);
  for (const id of IDS) expect(id).toMatch(/^[a-z0-9]+\.[a-z0-9-]+$/);
});

test.each(ALL_CHECKS)('$id says what it looks at, and where the rule comes from', ({ title, looksAt, reference }) => {
  for (const text of [title, looksAt, reference]) expect(text).toMatch(/^\S.*[^.]$/);
});
