#!/bin/sh
# Make sure a redis-server is there for the tests of the fleet, where it can be installed; else those tests are skipped.
set -eu
if command -v redis-server >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server; then
        # The tests start servers of their own.
        if command -v systemctl >/dev/null; then systemctl disable --quiet --now redis-server 2>/dev/null || true; fi
        exit 0
    fi
fi
echo "redis-server is not installed: the tests of tests/fleet that need one are skipped" >&2
