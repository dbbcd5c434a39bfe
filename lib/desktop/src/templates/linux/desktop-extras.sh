#!/bin/bash
# Installs the plan's software. Nobody waits for it: an item that fails or hangs is logged and left out.
set -uo pipefail
# needrestart would restart xrdp under a customer who is already at work.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
plan=$1

try() {
  timeout --kill-after=60 1800 "$@" || echo "left out ($?): $*"
}
# One package per call: a name that an archive lacks would otherwise take all others with it.
packages() {
  local package
  for package; do
    try apt-get -o DPkg::Lock::Timeout=600 -y install "$package"
  done
}

try dpkg --configure -a
try apt-get -o DPkg::Lock::Timeout=600 update
packages firefox mousepad
case $plan in
  performance)
    packages git build-essential python3-venv python3-pip libreoffice
    try snap install code --classic
    ;;
  gpu)
    # A provider's image for a graphics slice carries its own licensed driver; the generic one would break it.
    if ! nvidia-smi >/dev/null 2>&1; then
      packages ubuntu-drivers-common
      try ubuntu-drivers install
    fi
    packages obs-studio blender
    ;;
esac
exit 0
