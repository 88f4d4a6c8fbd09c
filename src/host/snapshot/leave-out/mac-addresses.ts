import { type LeaveOutRule, mapTexts } from './rule.ts';

/** Six pairs, with colons as the kernel prints them, or with dashes as PXE's `BOOTIF=01-…` has them. */
const MAC_ADDRESS =
  /(?<![0-9a-f:-]|[0-9a-f]:)(?:01-)?[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![0-9a-f]|[:-][0-9a-f])/gi;

/** Addresses of network cards, wherever they stand in a text. */
export const macAddresses: LeaveOutRule = {
  id: 'mac-addresses',
  title: 'MAC addresses',
  apply: (tree) =>
    mapTexts(tree, (text) => text.replace(MAC_ADDRESS, (address) => address.slice(-17).replace(/[0-9a-f]/gi, '0'))),
};
