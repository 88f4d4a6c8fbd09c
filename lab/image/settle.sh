# Makes an installed system the image of no machine in particular, as distributions do with theirs, and moves what firmware
# boots to the files of the EFI system partition. Runs through own-users.sh.
# usage: settle.sh ROOT ESP
set -e
root=$1 esp=$2
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/var/lib/dbus/machine-id"
: > "$root/etc/machine-id"
# Work for a machine that stays: each would take its share of an emulated boot.
rm -f "$root"/etc/systemd/system/timers.target.wants/* "$root/etc/systemd/system/multi-user.target.wants/e2scrub_reap.service"
for name in doc man info locale lintian; do rm -rf "$root/usr/share/$name"; done
mkdir -p "$root/etc/systemd/system/network-online.target.wants"
ln -sf /usr/lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/"
ln -sf /usr/lib/systemd/system/systemd-networkd-wait-online.service "$root/etc/systemd/system/network-online.target.wants/"

mkdir -p "$esp/EFI/BOOT" "$esp/loader/entries"
cp "$root/usr/lib/systemd/boot/efi/systemd-bootaa64.efi" "$esp/EFI/BOOT/BOOTAA64.EFI"
mv "$root"/boot/vmlinuz-* "$esp/vmlinuz"
mv "$root"/boot/initrd.img-* "$esp/initrd.img"
rm -f "$root"/vmlinuz* "$root"/initrd.img* "$root"/boot/*
