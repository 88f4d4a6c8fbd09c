import { describe, expect, test } from 'vitest';
import { hostName } from '../../../../src/host/snapshot/leave-out/host-name.ts';
import { NAMES, textAfter } from './fixture.ts';

test.each([
  ['/proc/cmdline', 'ip=login01:x nfs=login01.example.org:/srv', 'ip=host:x nfs=host:/srv'],
  ['/proc/1234/cgroup', '0::/vm-login01.scope', '0::/vm-host.scope'],
  ['/proc/1234/comm', 'xlogin01', 'xlogin01'],
  ['/proc/cmdline', 'login011 login01x', 'login011 login01x'],
  ['/sys/devices/system/node/online', 'login01', 'login01'],
])('in %s, %j becomes %j', (path, text, expected) => {
  expect(textAfter(hostName, path, text)).toBe(expected);
});

describe('a kernel that was named after the host', () => {
  const release = '6.17.0-login01+';
  const tree = hostName.apply(
    {
      files: {
        '/ghpass/uname': `${release}\n`,
        [`/boot/config-${release}`]: '',
        [`/usr/lib/modules/${release}/modules.alias`]: '',
      },
      links: { '/lib': 'usr/lib', '/boot/config': `config-${release}` },
      unread: { [`/usr/lib/modules/${release}/modules.dep`]: null },
    },
    { ...NAMES, release },
  );

  test('is found under its new name', () => {
    expect(tree.files['/ghpass/uname']).toBe('6.17.0-host+\n');
    expect(Object.keys(tree.files)).toEqual([
      '/ghpass/uname',
      '/boot/config-6.17.0-host+',
      '/usr/lib/modules/6.17.0-host+/modules.alias',
    ]);
    expect(tree.links).toEqual({ '/lib': 'usr/lib', '/boot/config': 'config-6.17.0-host+' });
    expect(tree.unread).toEqual({ '/usr/lib/modules/6.17.0-host+/modules.dep': null });
  });
});

test.each(['node', 'lib', 'kvm'])('a host named %s does not take the kernel’s words away', (host) => {
  const path = '/sys/devices/system/node/node0/meminfo';
  const tree = {
    files: { [path]: 'Node 0', '/lib/modules/6.17.0/modules.alias': 'alias x kvm\n' },
    links: { '/lib': 'usr/lib' },
  };
  expect(hostName.apply(tree, { host, release: '6.17.0' })).toMatchObject(tree);
});

test.each(['', 'localhost', 'localhost.localdomain'])('%j names no host', (host) => {
  const tree = { files: { '/proc/cmdline': 'ip=localhost x' }, links: {} };
  expect(hostName.apply(tree, { host, release: null })).toMatchObject(tree);
});
