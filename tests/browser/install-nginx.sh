#!/bin/sh
# Make sure nginx and openssl are there for the test of the sub-path, where they can be installed; else that test is skipped.
set -eu
PATH=$PATH:/usr/sbin
if command -v nginx >/dev/null && command -v openssl >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light openssl && exit 0
fi
echo "nginx or openssl is not installed: tests/browser/test_nginx.py is skipped" >&2
