/** Functions for bash and zsh that look at the machine by globs and by what the shell reads itself. */

/** NVIDIA's display controllers: the address is the name. */
export const GPUS_OF_HOST = `_ghpass_gpus() {
  local device vendor class
  for device in /sys/bus/pci/devices/*; do
    [ -r "$device/vendor" ] && [ -r "$device/class" ] || continue
    read -r vendor <"$device/vendor"
    read -r class <"$device/class"
    [ "$vendor" = 0x10de ] && [ "\${class#0x03}" != "$class" ] && echo "\${device##*/}"
  done
}`;

/** Where guests are, running or not. */
export const GUEST_DIRECTORIES = [
  '/run/ghpass',
  '/var/lib/ghpass/guests',
  '$XDG_RUNTIME_DIR/ghpass',
  '$XDG_STATE_HOME/ghpass/guests',
  '$HOME/.local/state/ghpass/guests',
];

export const GUESTS_OF_HOST = `_ghpass_guests() {
  local root file
  for root in ${GUEST_DIRECTORIES.map((directory) => `"${directory}"`).join(' ')}; do
    [ -d "$root" ] || continue
    for file in $(cd "$root" && echo */plan.json */guest.json); do
      [ -e "$root/$file" ] && echo "\${file%/*}"
    done
  done
}`;
