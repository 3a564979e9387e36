#!/bin/sh
# Make sure a Firefox is there for the test of the page in it, where it can be installed; else that test is skipped.
set -eu
if command -v firefox-esr >/dev/null || command -v firefox >/dev/null; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr && exit 0
fi
echo "firefox is not installed: tests/browser/test_firefox.py is skipped" >&2
