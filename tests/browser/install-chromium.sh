#!/bin/sh
# Make sure a Chromium is there for the browser tests: the system's, else Debian's package, else Playwright's own.
set -eu
bin=$1
if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
else
    "$bin/python" -m playwright install chromium
fi
