#!/bin/sh
# Process 1 of one Linux machine: its own accounts, homes, xrdp settings, logs, processes and host name, on the
# host's programs and network. Everything in it ends when this process does.
#   room.sh MACHINE_FOLDER ADDRESS HOSTNAME
set -eu
machine=$1
address=$2
echo "$3" >/proc/sys/kernel/hostname
chown -R root:xrdp "$machine/etc/xrdp/tls"
chmod 0750 "$machine/etc/xrdp/tls"
chmod 0640 "$machine/etc/xrdp/tls/key.pem"
chmod 1777 "$machine/log"
for file in passwd shadow group; do
    mount --bind "$machine/etc/$file" "/etc/$file"
done
mount --bind "$machine/etc/xrdp" /etc/xrdp
mount --bind "$machine/log" /var/log
mkdir -p /run/xrdp
mount -t tmpfs -o mode=0755 tmpfs /run/xrdp
sh /usr/share/xrdp/socksetup
# These two last: the machine's folder may lie under either, and is hidden from here on.
cd "$machine/home"
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -m 1777 /tmp/.X11-unix
mount --no-canonicalize --bind . /home
cd /
xrdp-sesman --nodaemon --config /etc/xrdp/sesman.ini &
setpriv --reuid=xrdp --regid=xrdp --init-groups xrdp --nodaemon --config "/etc/xrdp/$address.ini" &
wait
