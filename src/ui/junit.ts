import { XMLBuilder } from 'fast-xml-parser';
import type { Finding } from '../checks/check.ts';
import type { Comparison } from '../guest/proof/verify.ts';

const ATTRIBUTE = '@';

/**
 * The outcome of a smoke run as JUnit XML, which CI systems show line by line: each comparison is a case, and so is each
 * finding that kept the guest from being started.
 * @param name of the suite.
 */
export function junitReport(name: string, comparisons: readonly Comparison[], findings: readonly Finding[]): string {
  const compared = comparisons.map(({ id, gpu, what, planned, seen, equal }) =>
    testCase(gpu ?? 'guest', what, equal ? null : { id, message: `planned: ${planned}; seen: ${seen}` }),
  );
  const failed = comparisons.length > 0 ? [] : findings.filter(({ severity }) => severity === 'fail');
  const cases = [...compared, ...failed.map(({ id, subject, message }) => testCase(subject, id, { id, message }))];
  const failures = cases.filter((element) => 'failure' in element).length;
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: ATTRIBUTE,
    suppressBooleanAttributes: false,
    suppressEmptyNode: true,
    format: true,
  });
  const suite = attributes({ name, tests: cases.length, failures });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ testsuite: { ...suite, testcase: cases } })}`;
}

function testCase(classname: string, name: string, failure: { id: string; message: string } | null) {
  const element = attributes({ classname, name });
  return failure ? { ...element, failure: attributes({ type: failure.id, message: failure.message }) } : element;
}

function attributes(values: Readonly<Record<string, string | number>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${ATTRIBUTE}${key}`, `${value}`]));
}
