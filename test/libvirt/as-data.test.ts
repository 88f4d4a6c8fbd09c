import { expect, test } from 'vitest';
import { asData } from '../../src/libvirt/as-data.ts';
import { parseXml } from '../../src/libvirt/xml.ts';

test('white space in attributes and carriage returns in texts are what they are', () => {
  const dump = "<domain type='kvm'>\n\t<title>a\r\nb</title>\n\t<source file=\"/srv/it's\t\n.img\"\n\t/>\n</domain>\n";
  const read = parseXml(asData(dump)).root;
  expect(asData(dump)).toBe(
    "<domain type='kvm'>\n\t<title>a&#13;\nb</title>\n\t<source file=\"/srv/it's&#9;&#10;.img\"\n\t/>\n</domain>\n",
  );
  expect(read.find('title')?.text).toBe('a\r\nb');
  expect(read.find('source')?.attribute('file')).toBe("/srv/it's\t\n.img");
});

test.each([
  '<domain><metadata><!-- <a b="\n"> --><x><![CDATA[<a b="\n">]]></x><?y <a b="\n"> ?></metadata></domain>\n',
  "<domain type='kvm'\n\tid='7'>\n  <name>it's \"so\"</name>\n  <a b='>' c=\"'\"/>\n</domain>\n",
])('everything else stays as it is: %j', (dump) => {
  expect(asData(dump)).toBe(dump);
});
