# Runs as the first process of mount and PID namespaces of its own: a Debian root in which libvirt sees VFIO and iommufd,
# whatever this machine has. Nothing in ROOT is changed. Says "ready" when libvirtd answers, and ends with standard input.
# usage: namespace.sh ROOT WORK TMP yes|no HOSTNAME
set -e
root=$1 work=$2 tmp=$3 vfio=$4 hostname=$5
[ -z "$hostname" ] || echo "$hostname" > /proc/sys/kernel/hostname
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" overlay "$work/root"
cd "$work/root"
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
mkdir dev/net dev/pts dev/shm dev/hugepages
for name in null zero full random urandom tty net/tun; do
  : > dev/$name
  mount --bind /dev/$name dev/$name || true
done
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t hugetlbfs hugetlbfs dev/hugepages || true
mount -t tmpfs tmpfs sys/kernel/iommu_groups
if [ "$vfio" = yes ]; then
  mkdir sys/kernel/iommu_groups/0 dev/vfio
  : > dev/vfio/vfio
  : > dev/iommu
fi
mkdir -p ".$tmp"
mount --bind "$tmp" ".$tmp"
exec chroot . /bin/bash -ec '
  export LC_ALL=C PATH=/usr/sbin:/usr/bin
  virtlogd --daemon < /dev/null > /dev/null 2>&1
  libvirtd --daemon < /dev/null > /dev/null 2>&1
  tries=0
  until virsh --connect=qemu:///system version > /dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ]
    sleep 0.1
  done
  echo ready
  while read -r _; do :; done'
