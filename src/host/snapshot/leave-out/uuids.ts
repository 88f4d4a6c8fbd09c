import { type LeaveOutRule, mapTexts } from './rule.ts';

const UUID = /[0-9a-f]{8}([-_])[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}/gi;

/** UUIDs of disks, machines, GPUs and containers, which may stand right behind a word: `pod…`, with underscores for systemd. */
export const uuids: LeaveOutRule = {
  id: 'uuids',
  title: 'UUIDs',
  apply: (tree) => mapTexts(tree, (text) => text.replace(UUID, (uuid) => uuid.replace(/[0-9a-f]/gi, '0'))),
};
