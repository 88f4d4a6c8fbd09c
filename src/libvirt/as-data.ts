/** What has no attributes, as far as it goes, or else a start tag. */
const PIECE = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<[^!?/](?:"[^"]*"|'[^']*'|[^'">])*>/g;
const VALUE = /"[^"]*"|'[^']*'/g;

/**
 * A domain as libvirt prints it, so that it is the same when it is read. libvirt escapes what ends a text or an attribute, but
 * no white space (src/util/virbuffer.c, virBufferEscape): a line feed in the path of a disk would come back as a blank, and a
 * carriage return as a line feed (XML 1.0, 3.3.3 and 2.11).
 */
export function asData(dump: string): string {
  return dump
    .replace(PIECE, (piece) => (/^<[!?]/.test(piece) ? piece : piece.replace(VALUE, escapeWhiteSpace)))
    .replaceAll('\r', '&#13;');
}

function escapeWhiteSpace(value: string): string {
  return value.replace(/[\t\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}
