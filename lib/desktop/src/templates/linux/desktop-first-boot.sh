#!/bin/bash
# Reports the desktop as soon as it works, and only then installs the plan's software. A restart in between resumes it.
set -uo pipefail
plan=$1
bin=/usr/local/sbin

if [ -x "$bin/desktop-report" ]; then
  state=failed
  # One unit per call: is-active is content when any one of several is.
  if [ -f /var/lib/desktop/setup-done ] && systemctl is-active --quiet xrdp-sesman \
    && systemctl is-active --quiet xrdp && "$bin/desktop-tls-check"; then
    state=ready
  fi
  "$bin/desktop-report" "$state" || echo "the report did not arrive"
  # Its address works once; there is no reason to leave it on a customer's machine.
  rm -f "$bin/desktop-report"
fi
"$bin/desktop-extras" "$plan"
install -d -m 0755 /var/lib/desktop
touch /var/lib/desktop/extras-done
