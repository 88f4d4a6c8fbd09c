# Installs unpacked packages of arm64 as dpkg does, their own scripts included, in the order of debootstrap: what the scripts
# of all others need comes first. Runs through own-users.sh.
# usage: install.sh ROOT PACKAGES EMULATOR      EMULATOR is empty on arm64
set -e
root=$1 packages=$2 emulator=$3
if [ -n "$emulator" ]; then
  # A namespace has programs of its own to start others with from Linux 6.7 on; before, whoever installs them does it for all.
  mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  zeros='\x00\x00\x00\x00\x00\x00\x00\x00'
  ones='\xff\xff\xff\xff\xff\xff\xff'
  printf '%s' ":lab:M::\\x7fELF\\x02\\x01\\x01\\x00$zeros\\x02\\x00\\xb7\\x00:$ones\\x00$ones\\xff\\xfe\\xff\\xff\\xff:$emulator:F" \
    > /proc/sys/fs/binfmt_misc/register
fi
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
for name in null zero full random urandom tty; do
  : > "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/run/packages"
mount --bind "$packages" "$root/run/packages"
# Nothing is started.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin HOME=/root
within() { chroot "$root" "$@"; }
for name in base-passwd base-files dpkg libc6 perl-base mawk debconf; do
  within sh -c "dpkg --force-depends --force-confold --force-unsafe-io --install /run/packages/${name}_*.deb"
done
within sh -c 'dpkg --force-depends --force-confold --force-unsafe-io --unpack /run/packages/*.deb'
within dpkg --force-confold --force-unsafe-io --configure --pending
test -z "$(within dpkg --audit)"

rm "$root/usr/sbin/policy-rc.d"
umount "$root/run/packages" "$root/run" "$root/tmp" "$root/proc"
for name in null zero full random urandom tty; do umount "$root/dev/$name"; done
rm "$root"/dev/*
