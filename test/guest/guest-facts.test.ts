import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { findGuestReport } from '../../src/guest/proof/guest-facts.ts';
import { recordedConsole, recordedGuest, recordedReport, reportLine } from './recorded.ts';

const broken = (why: string) => ({
  kind: 'tool',
  code: 'guest.report-broken',
  message: `the report of the guest cannot be read: ${why}`,
});

test('finds the report between what firmware and kernel wrote, and reads it as a host is read', () => {
  const guest = findGuestReport(recordedConsole('one-gpu'));
  expect(guest?.numa?.possible).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(guest?.numa?.nodes[0]?.cpus).toEqual([0, 1]);
  expect(guest?.srat?.genericInitiators.map(({ address }) => address)).toEqual(Array(8).fill('0000:41:00.0'));
  expect(guest?.functions.map(({ address }) => address)).toContain('0000:41:00.0');
});

test.each([
  ['before the report', (text: string) => text.slice(0, text.indexOf('ghpass-report'))],
  ['in the middle of its mark', (text: string) => text.slice(0, text.indexOf('ghpass-report') + 8)],
  ['in the middle of it', (text: string) => text.slice(0, text.indexOf('ghpass-report') + 500)],
  ['before the end of its line', (text: string) => text.slice(0, text.indexOf('\n', text.indexOf('ghpass-report')))],
])('a console that ends %s has no report yet', (_where, cut) => {
  expect(findGuestReport(cut(recordedConsole('one-gpu')))).toBeNull();
});

test('the last report counts, and a carriage return before the newline does not', () => {
  const report = recordedReport('one-gpu');
  const other = { ...report, binaries: {} };
  expect(findGuestReport(`${reportLine(report)}${reportLine(other).trim()}\r\n`)?.srat).toBeNull();
});

test('each boot has its report, and one that is not complete is not there yet', () => {
  const report = recordedReport('one-gpu');
  const console = `${reportLine(report)}${reportLine({ ...report, binaries: {} })}`;
  expect(findGuestReport(console, 0)?.srat).not.toBeNull();
  expect(findGuestReport(console, 1)?.srat).toBeNull();
  expect(findGuestReport(console, 2)).toBeNull();
  expect(findGuestReport(console.slice(0, -1), 1)).toBeNull();
});

test('a message of the kernel in the middle of the report is not taken for a part of it', () => {
  const line = reportLine(recordedReport('one-gpu'));
  const interleaved = `${line.slice(0, 700)}[   12.3] a message\r\n${line.slice(700)}`;
  expect(() => findGuestReport(interleaved)).toThrow(expect.objectContaining({ code: 'guest.report-broken' }));
});

test.each<[string, string, string | RegExp]>([
  ['no JSON', 'ghpass-report: nonsense\n', /is not valid JSON$/],
  ['another schema', 'ghpass-report: {"schema":2,"gzip":""}\n', /^the report of the guest cannot be read: /],
  ['bytes that are not compressed', 'ghpass-report: {"schema":1,"gzip":"AAAA"}\n', 'incorrect header check'],
  [
    'a relative path',
    reportLine({ texts: { 'proc/x': '' }, binaries: {} }),
    /^the report of the guest cannot be read: /,
  ],
  [
    'a path that is too long to be one',
    reportLine({ texts: { [`/${'a/'.repeat(128)}`]: '' }, binaries: {} }),
    /^the report of the guest cannot be read: /,
  ],
  [
    'a file that is no text',
    reportLine({ texts: { '/x': 1 }, binaries: {} }),
    /^the report of the guest cannot be read: /,
  ],
  [
    'an SRAT that is cut short',
    reportLine({ texts: {}, binaries: { '/sys/firmware/acpi/tables/SRAT': '53524154' } }),
    'SRAT of 4 bytes has no header',
  ],
  [
    'a report that swells',
    `ghpass-report: {"schema":1,"gzip":"${gzipSync(Buffer.alloc(17 << 20)).toString('base64')}"}\n`,
    'Cannot create a Buffer larger than 16777216 bytes',
  ],
])('%s is refused', (_what, console, why) => {
  const error = typeof why === 'string' ? broken(why) : { ...broken(''), message: expect.stringMatching(why) };
  expect(() => findGuestReport(console)).toThrow(expect.objectContaining(error));
});

test('a guest without NUMA and ACPI has neither', () => {
  const guest = recordedGuest('one-gpu', (report) => {
    report.binaries = {};
    for (const path of Object.keys(report.texts)) if (path.includes('/node/')) delete report.texts[path];
  });
  expect(guest).toMatchObject({ srat: null, numa: null });
});
