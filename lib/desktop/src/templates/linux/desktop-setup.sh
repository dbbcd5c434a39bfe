#!/bin/bash
# Makes the desktop reachable over RDP with TLS, behind a firewall. Safe to run again.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

# A mirror that failed cloud-init's own installation is asked again: without these there is no desktop.
for wait in 0 15 60; do
  sleep "$wait"
  if timeout 900 apt-get -o DPkg::Lock::Timeout=300 -y install __PACKAGES__; then break; fi
  timeout 120 apt-get -o DPkg::Lock::Timeout=60 update || true
done

# Only now: a package's own scripts must not make files that nobody can read.
umask 077
install -d -m 0750 -o root -g xrdp /etc/xrdp/tls
openssl req -x509 -newkey rsa:2048 -sha256 -nodes -days 825 \
  -subj "/CN=$(hostname)" -keyout /etc/xrdp/tls/key.pem -out /etc/xrdp/tls/cert.pem 2>/dev/null
# The packaged key is unreadable to xrdp, which then offers no TLS at all.
chown root:xrdp /etc/xrdp/tls/key.pem /etc/xrdp/tls/cert.pem
chmod 0640 /etc/xrdp/tls/key.pem
chmod 0644 /etc/xrdp/tls/cert.pem
sed -i -e 's|^security_layer=.*|security_layer=tls|' \
  -e 's|^certificate=.*|certificate=/etc/xrdp/tls/cert.pem|' \
  -e 's|^key_file=.*|key_file=/etc/xrdp/tls/key.pem|' \
  -e 's|^ssl_protocols=.*|ssl_protocols=TLSv1.2, TLSv1.3|' /etc/xrdp/xrdp.ini
sed -i -e 's|^AllowRootLogin=.*|AllowRootLogin=false|' /etc/xrdp/sesman.ini
systemctl enable xrdp xrdp-sesman
systemctl restart xrdp-sesman xrdp

ufw default deny incoming
ufw limit 22/tcp
ufw limit 3389/tcp
ufw --force enable

command -v startxfce4 >/dev/null
install -d -m 0755 /var/lib/desktop
touch /var/lib/desktop/setup-done
