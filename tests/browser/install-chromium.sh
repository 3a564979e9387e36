#!/bin/sh
# Make sure a Chromium is there for the browser tests: Debian's headless one (a page costs a quarter less), else the system's, else
# Playwright's own.
set -eu
bin=$1
if command -v chromium-headless-shell >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-dejavu-core) || true
fi
if command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v google-chrome >/dev/null; then
    exit 0
fi
"$bin/python" -m playwright install chromium
