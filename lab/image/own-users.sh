# Runs a program as root of a user namespace with users and groups as of a whole system, and mounts and processes of its own:
# the owners of files in an image are real ones, and what is registered or mounted ends with the program.
# usage: own-users.sh PROGRAM ARGUMENT…
set -e
pipes=$(mktemp -d)
mkfifo "$pipes/entered" "$pipes/mapped"
unshare --user --mount --pid --fork --kill-child sh -ec '
  pipes=$1
  shift
  echo > "$pipes/entered"
  read -r _ < "$pipes/mapped"
  exec "$@"' sh "$pipes" "$@" &
inside=$!
read -r _ < "$pipes/entered"
if [ "$(id -u)" = 0 ]; then
  echo 0 0 65536 > "/proc/$inside/uid_map"
  echo 0 0 65536 > "/proc/$inside/gid_map"
else
  first() { awk -F: -v user="$(id -un)" '$1 == user { print $2; exit }' "$1"; }
  newuidmap "$inside" 0 "$(id -u)" 1 1 "$(first /etc/subuid)" 65535
  newgidmap "$inside" 0 "$(id -g)" 1 1 "$(first /etc/subgid)" 65535
fi
echo > "$pipes/mapped"
rm -r "$pipes"
wait "$inside"
