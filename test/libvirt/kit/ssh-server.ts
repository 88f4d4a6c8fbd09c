import { createServer } from 'node:net';
import type { LibvirtHost } from './libvirt-host.ts';

/** sshd asks for more of the files than a directory for temporary files has to offer, and has no PAM there. */
const SCRIPT = `
mkdir -p -m 0755 /run/sshd
mkdir -p -m 0700 /root/.ssh
ssh-keygen -q -A
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id
cp /root/.ssh/id.pub /root/.ssh/authorized_keys
/usr/sbin/sshd -f /dev/null -p "$0" -o ListenAddress=127.0.0.1 -o UsePAM=no -o StrictModes=no
`;

/** Starts an sshd beside a libvirtd, which ends with it. @returns the URI of that libvirtd by way of it. */
export async function serveBySsh(libvirt: LibvirtHost): Promise<string> {
  const port = await freePort();
  const { status, stderr } = await libvirt.run('/bin/bash', ['-ec', SCRIPT, `${port}`]);
  if (status !== 0) throw new Error(stderr);
  return `qemu+ssh://root@127.0.0.1:${port}/system?keyfile=/root/.ssh/id&no_verify=1&proxy=native`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
