import { GhpassError } from '../errors.ts';

/** Characters that XML 1.0 cannot write in any way (2.2, Char), unpaired surrogates among them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;

/**
 * A text as it goes into a domain. Everything else that XML, a shell or QEMU would read is data there.
 * @throws GhpassError `domain.unwritable`.
 */
export function requireWritable(what: string, text: string): string {
  if (!UNWRITABLE.test(text)) return text;
  throw new GhpassError('usage', {
    code: 'domain.unwritable',
    message: `${what} ${JSON.stringify(text)} has a control character that no domain of libvirt can hold`,
    suggestions: ['rename it'],
  });
}
