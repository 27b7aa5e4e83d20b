#!/usr/bin/env bash
# Makes the root file system of the service's image: the program, the libraries that it is linked
# with, a user that is not root, and nothing else. There is no shell and no package manager in it.
#
# usage: rootfs.sh PROGRAM FOLDER
# The container file runs this in its build stage; the tests run it without any container program.
set -euo pipefail

program=$1
root=$2
user=65532 # as in other images without root

[[ -x $program ]] || { echo "rootfs.sh: there is no program $program" >&2; exit 1; }
[[ ! -e $root || -z $(ls -A "$root") ]] || { echo "rootfs.sh: $root is not empty" >&2; exit 1; }
# The places that a container program mounts something at; on a read-only root they must be there.
mkdir -p "$root"/{dev,etc,models,proc,run/secrets,sys,tmp,usr/bin}
install -m 0755 "$program" "$root/usr/bin/basnet_rt_service"
strip "$root/usr/bin/basnet_rt_service"

# Libraries, and the loader, at the paths where the loader looks for them.
ldd "$program" | grep -oE '/[^ ]+\.so[^ ]*' | sort -u | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done

echo "basnet_rt:x:$user:$user:service:/:/usr/sbin/nologin" >"$root/etc/passwd"
echo "basnet_rt:x:$user:" >"$root/etc/group"
echo "hosts: files dns" >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
