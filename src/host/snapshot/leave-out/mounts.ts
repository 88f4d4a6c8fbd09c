import { type LeaveOutRule, mapTexts } from './rule.ts';

const MOUNTS = /^\/proc\/(\d+\/)?(mounts|mountinfo)$/;
/** Lines of huge pages, whose size and place a guest depends on. */
const HUGE_PAGES = /(^| )hugetlbfs /;

/** File systems that the host has mounted: names of servers, of disks and of what lies on them. */
export const mounts: LeaveOutRule = {
  id: 'mounts',
  title: 'mounts other than huge pages',
  apply: (tree) =>
    mapTexts(tree, (text, path) => {
      if (!MOUNTS.test(path)) return text;
      const lines = text.split('\n').filter((line) => HUGE_PAGES.test(line));
      return lines.map((line) => `${line}\n`).join('');
    }),
};
