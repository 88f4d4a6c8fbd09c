# What a guest sees, as one JSON line that ghpass looks for on its console. It interprets nothing: files go out as they are,
# and ghpass reads them as it reads those of a host. They go out compressed, because each character on the console costs an
# exit to QEMU. Read by busybox's shell or bash: others cannot replace within a variable. `tool` is the program that has the
# others in it, or nothing.

# Standard input as a JSON string. Only shell built-ins: a process for each file would take minutes when emulated.
string() {
  printf '"'
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line//\\/\\\\}
    line=${line//$tab/\\t}
    printf '%s\\n' "${line//\"/\\\"}"
  done
  printf '"'
}
tab=$(printf '\t')

# A text file as a JSON member. The kernel answers reads of a single byte of a CPU list with the end of the file, and that is
# how the shell reads.
separator=
text() {
  [ -r "$1" ] || return 0
  printf '%s"%s":' "$separator" "$1"
  case $1 in
    */cpulist) $tool cat "$1" | string ;;
    *) string < "$1" ;;
  esac
  separator=,
}

# A binary file as a JSON member; what follows are options of od.
binary() {
  [ -r "$1" ] || return 0
  printf '%s"%s":"' "$separator" "$1"
  file=$1
  shift
  $tool od -An -v -tx1 "$@" "$file" | $tool tr -d ' \n'
  printf '"'
  separator=,
}

files() {
  printf '{"texts":{'
  for file in /proc/cmdline /proc/iomem /proc/meminfo /proc/sys/kernel/osrelease /proc/sys/kernel/arch \
    /proc/driver/nvidia/version /proc/driver/nvidia/params /sys/devices/system/memory/auto_online_blocks \
    /sys/devices/system/node/possible /sys/devices/system/node/online /sys/devices/system/node/has_generic_initiator \
    /sys/devices/system/node/node*/cpulist /sys/devices/system/node/node*/distance /sys/devices/system/node/node*/meminfo \
    /sys/bus/pci/devices/*/vendor /sys/bus/pci/devices/*/device /sys/bus/pci/devices/*/class \
    /sys/bus/pci/devices/*/subsystem_vendor /sys/bus/pci/devices/*/subsystem_device \
    /sys/bus/pci/devices/*/resource /sys/bus/pci/devices/*/numa_node; do
    text "$file"
  done
  printf '%s"/dev/kmsg":' "$separator"
  $tool dmesg | $tool grep -e NVRM -e 'SRAT:' -e 'NUMA:' | $tool head -n 200 | $tool tr -d '\000-\010\013-\037' | string
  printf '},"binaries":{'
  separator=
  binary /sys/firmware/acpi/tables/SRAT
  for device in /sys/bus/pci/devices/*; do
    vendor=
    [ -r "$device/vendor" ] && read -r vendor < "$device/vendor"
    [ "$vendor" = 0x10de ] && binary "$device/config" -N 64
  done
  printf '}}'
}

# Standard output in one piece: whoever else writes to the console comes before or after it.
report() {
  printf '\nghpass-report: {"schema":1,"gzip":"%s"}\n' "$(files | $tool gzip -c | $tool base64 -w 0)"
}
