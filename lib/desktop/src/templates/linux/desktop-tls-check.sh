#!/bin/bash
# Succeeds when the RDP server selects TLS: an open port is not enough. Arguments: host and port, this machine's by default.
set -euo pipefail
host=${1:-127.0.0.1}
port=${2:-3389}
connected=no
for _ in $(seq 1 30); do
  if { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null; then
    connected=yes
    break
  fi
  sleep 1
done
[ "$connected" = yes ]
# MS-RDPBCGR 2.2.1.1, asking for TLS or NLA; in the answer, byte 11 is 2 (response) and byte 15 the protocol (1 is TLS).
printf '\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00' >&3
answer=$(timeout 5 head -c 19 <&3 | od -An -v -tx1 | tr -d ' \n')
[ "${answer:0:8}" = 03000013 ]
[ "${answer:22:2}" = 02 ]
[ "${answer:30:2}" = 01 ]
