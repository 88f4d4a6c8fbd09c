import { XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { junitReport } from '../../src/ui/junit.ts';

const equal = { id: 'guest.bar4', gpu: '0009:01:00.0', what: 'BAR4', planned: '128 GiB', seen: '128 GiB', equal: true };

test('each comparison is a case, a difference is a failure, and text is escaped', () => {
  const report = junitReport(
    'ghpass smoke',
    [equal, { ...equal, gpu: null, what: 'a<b & "c"', seen: 'none', equal: false }],
    [],
  );
  expect(XMLValidator.validate(report)).toBe(true);
  expect(report).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="ghpass smoke" tests="2" failures="1">
  <testcase classname="0009:01:00.0" name="BAR4"/>
  <testcase classname="guest" name="a&lt;b &amp; &quot;c&quot;">
    <failure type="guest.bar4" message="planned: 128 GiB; seen: none"/>
  </testcase>
</testsuite>
`);
});

test('where no guest was started, the findings that kept it from it are the cases', () => {
  const finding = { severity: 'fail', message: 'no', remedy: [], reference: '' } as const;
  const report = junitReport('ghpass smoke', [], [{ ...finding, id: 'vfio.busy', subject: '0009:01:00.0' }]);
  expect(report).toContain('tests="1" failures="1"');
  expect(report).toContain('<failure type="vfio.busy" message="no"/>');
});
