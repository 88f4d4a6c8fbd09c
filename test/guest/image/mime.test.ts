import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { multipart } from '../../../src/guest/image/mime.ts';
import fc from '../../fixtures/fast-check.ts';

/** Another implementation: what Python's email package finds in each of some documents. */
const READ = `
import email, json, sys
print(json.dumps([[part.get_payload(decode=True).hex()
                   for part in email.message_from_string(text).walk() if not part.is_multipart()]
                  for text in json.load(sys.stdin)]))
`;
const readBack = (documents: readonly string[]) =>
  (
    JSON.parse(
      execFileSync('python3', ['-c', READ], { input: JSON.stringify(documents), encoding: 'utf8' }),
    ) as string[][]
  ).map((parts) => parts.map((hex) => Buffer.from(hex, 'hex')));

const part = (content: Uint8Array) => ({ headers: { 'Content-Type': 'text/plain' }, content });

test('every byte comes out as it went in', () => {
  const contents = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 });
  const cases = fc.sample(contents, 200).map((parts) => parts.map((bytes) => Buffer.from(bytes)));
  expect(readBack(cases.map((parts) => multipart(parts.map(part))))).toEqual(cases);
});

test('a document that has headers of its own is a part as it stands', () => {
  const inner = multipart([part(Buffer.from('one')), part(Buffer.from('two'))]);
  const [contents] = readBack([multipart([inner, part(Buffer.from('three'))])]);
  expect(contents?.map(String)).toEqual(['one', 'two', 'three']);
});
