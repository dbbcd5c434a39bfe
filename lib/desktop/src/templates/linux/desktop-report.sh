#!/bin/bash
# Tells the shop how the setup ended and which TLS certificate this machine shows; never a password.
set -u
state=$1
fingerprint=$(openssl x509 -in /etc/xrdp/tls/cert.pem -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//; s/://g')
report="{\"state\":\"$state\",\"host\":\"$(hostname)\",\"cert_sha256\":\"$fingerprint\"}"
curl --fail --silent --show-error --output /dev/null --connect-timeout 10 --max-time 20 \
  --retry 8 --retry-all-errors --retry-max-time 600 \
  --header 'Content-Type: application/json' --data "$report" '__REPORT_URL__'
