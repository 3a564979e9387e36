"""Run where there is no network: starts the dashboard, opens its page in the browser, and prints what it saw."""

import fcntl
import socket
import struct
import sys
from pathlib import Path

from chromium import CHROMIUM_ARGUMENTS, chromium_path
from pages import find_scenario, shown
from playwright.sync_api import sync_playwright
from serving import serving

SET_FLAGS, UP = 0x8914, 0x1  # SIOCSIFFLAGS, IFF_UP


def raise_loopback() -> None:
    """A new namespace has its loopback device, but switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SET_FLAGS, struct.pack("16sh22x", b"lo", UP))


def look(scratch: Path) -> None:
    """Print the devices there are, the hosts that were asked, what the browser complained of, and the NAV."""
    print("devices:", *(name for _, name in socket.if_nameindex()))
    raise_loopback()
    with (
        serving(scratch / "log", find_scenario("v7.1/healthy").settings) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS) as browser,
        shown(browser, server) as view,
    ):
        view.page.wait_for_selector(".nav-history .main-svg path.js-line")
        print("other hosts:", *(view.hosts - {server.address}))
        print("complaints:", *view.complaints)
        print("NAV:", view.page.inner_text("#header-nav [data-field='nav.nav_usd']"))


if __name__ == "__main__":
    look(Path(sys.argv[1]))
