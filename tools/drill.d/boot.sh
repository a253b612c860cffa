#!/bin/sh
# Process 1 of a Debian that boots in namespaces of its own: mounts what systemd expects of a container, goes
# into the directory for good, and becomes systemd. machine.py calls it, within unshare.
set -e
cd "$1"
mount --rbind . .
cd "$1"
mount -t proc proc proc
# The machine's own settings are shared with the host: nothing here may write to them.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid,noexec dev dev
for device in '1 3 null' '1 5 zero' '1 7 full' '1 8 random' '1 9 urandom' '5 0 tty'; do
    # shellcheck disable=SC2086  # Three words.
    set -- $device
    mknod -m 666 "dev/$3" c "$1" "$2"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev shm dev/shm
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
for name in 'run mode=755' 'tmp mode=1777'; do
    mount -t tmpfs -o "${name#* },nosuid,nodev" "${name% *}" "${name% *}"
done
pivot_root . .
umount -l .
# What systemd is in, so that it leaves clock, modules and devices alone.
exec env -i container=relay-drill PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
