/** Prints what ghpass may have changed on a host: drivers and overrides of the GPUs, processes, files, journals. */
export const HOST_STATE = `
for gpu in $(grep -l 0x10de /sys/bus/pci/devices/*/vendor); do
  directory=$(dirname "$gpu")
  echo "$(basename "$directory") driver=$(basename "$(readlink "$directory/driver")") override=$(cat "$directory/driver_override")"
done | sed 's/^0000:..:00.0 //' | sort -u
pgrep -l 'qemu|ghpass' || true
find /run/ghpass /var/lib/ghpass -mindepth 1 ! -path /var/lib/ghpass/journal ! -path /var/lib/ghpass/guests 2>/dev/null || true
`;

/** A host on which no GPU is bound, none is overridden, and nothing of ghpass runs or lies around. */
export const PRISTINE = 'driver= override=(null)\n';
