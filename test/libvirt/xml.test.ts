import { describe, expect, test } from 'vitest';
import { parseXml } from '../../src/libvirt/xml.ts';
import fc from '../fixtures/fast-check.ts';

/** The document after the root element was changed. */
function changed(text: string, change: (root: ReturnType<typeof parseXml>['root']) => void): string {
  const document = parseXml(text);
  change(document.root);
  return document.serialize();
}

describe('what is written as it was read', () => {
  test.each([
    ['elements on one line', '<a><b><c>1</c></b><b>2</b></a>'],
    ['two tags with nothing between them', '<a><b></b><c x="1"></c></a>'],
    ['blanks in tags', '<a  x = "1"\n\ty=\'2\'  ><b   /><c ></c ></a >\n\n'],
    ['carriage returns', '<a>\r\n  <b/>\r\n</a>\r\n'],
    [
      'comments, instructions and CDATA anywhere',
      '<?xml version="1.0"?>\n<!-- <a> --><a><?x y?><![CDATA[</a>]]>t</a><!---->',
    ],
    ['a ">" in an attribute', '<a x="1>2" y=\'"/>\'/>'],
    ['entities', '<a x="&#9;&quot;">&lt;&#x41;&amp;</a>'],
  ])('%s', (_, text) => {
    expect(parseXml(text).serialize()).toBe(text);
  });

  test('everything but an attribute that is set and taken away again', () => {
    for (const text of ["<a b = '1'  />", '<a\n  b="1"\n></a>', '<a/>', '<a ></a>']) {
      const withAttribute = changed(text, (root) => root.setAttribute('xmlns:q', 'urn:q'));
      expect(parseXml(withAttribute).root.attribute('xmlns:q')).toBe('urn:q');
      expect(changed(withAttribute, (root) => root.setAttribute('xmlns:q', undefined))).toBe(text);
    }
  });

  test('an attribute keeps its quotes when it gets another value', () => {
    const text = `<a unit = "TiB" other='x'/>`;
    expect(changed(text, (root) => root.setAttribute('unit', 'KiB'))).toBe(`<a unit = "KiB" other='x'/>`);
  });
});

describe('what is no document that can be edited', () => {
  test.each([
    ['an end tag that is missing', '<a><b></a>', /Expected closing tag 'b'/],
    ['a second root', '<a/><b/>', /root/],
    ['nothing', '', /not exactly one root|it is empty/],
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', /document type/],
    ['a tag without an end', '<a><b</a>', /line 1/],
  ])('%s', (_, text, why) => {
    expect(() => parseXml(text)).toThrow(why);
  });
});

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

test('a value that is set is the value that is read, whatever is in it', () => {
  // XML has no way at all to write other control characters.
  const writable = anyText.map((text) => text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, ''));
  fc.assert(
    fc.property(writable, writable, (value, content) => {
      const text = changed('<a x="1"><b>c</b></a>', (root) => {
        root.setAttribute('x', value);
        root.find('b')?.setText(content);
      });
      const { root } = parseXml(text);
      expect(root.attribute('x')).toBe(value);
      expect(root.find('b')?.text).toBe(content.trim());
    }),
  );
});

test('no input does anything but be written as it was, or be refused', () => {
  const pieces = [
    '<a',
    '>',
    '/>',
    '</a>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    ' x=',
    '"',
    "'",
    '&lt;',
    't',
    '\n',
  ];
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 24 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(anyText, soup), (text) => {
      let read: string;
      try {
        read = parseXml(text).serialize();
      } catch (error) {
        expect(error).toMatchObject({ code: 'xml.invalid' });
        return;
      }
      expect(read).toBe(text);
    }),
    { numRuns: 2000 },
  );
});
