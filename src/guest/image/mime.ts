import { createHash } from 'node:crypto';

/** One part of a multi-part document; a text is an entity that has headers of its own. */
export type MimePart = string | { headers: Readonly<Record<string, string>>; content: Uint8Array };

/** Of a line of base64 (RFC 2045, 6.8). */
const LINE_LENGTH = 76;

/**
 * A multi-part document (RFC 2046, 5.1). Content goes out as base64, so that every byte stays what it is. The boundary is the
 * content's own hash: no content has it in itself.
 */
export function multipart(parts: readonly MimePart[]): string {
  const bodies = parts.map(entity);
  const boundary = `==ghpass-${createHash('sha256').update(bodies.join('')).digest('hex')}==`;
  return [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    'MIME-Version: 1.0',
    '',
    ...bodies.flatMap((body) => [`--${boundary}`, body]),
    `--${boundary}--`,
    '',
  ].join('\n');
}

function entity(part: MimePart): string {
  if (typeof part === 'string') return part;
  const fields = { ...part.headers, 'Content-Transfer-Encoding': 'base64' };
  const base64 = Buffer.from(part.content).toString('base64');
  const lines = base64.match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
  return [...Object.entries(fields).map(([name, value]) => `${name}: ${value}`), '', ...lines].join('\n');
}
