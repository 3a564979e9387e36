"""Publish the state of an executor of your own: `python -m examples.publish_from_your_executor [state directory]`.

Without a directory it writes into logs/example/state, and never into that of a running desk.
"""

import sys
import time

from execution.state_publish import write_nav, write_positions, write_synced_state
from execution.surfaces.aum import build_aum
from execution.surfaces.nav import Account, ExchangeContact, Fx, build_nav
from execution.surfaces.positions import Position, build_positions, build_synced_state

state_dir, now_s = sys.argv[1] if len(sys.argv) > 1 else "logs/example/state", time.time()
positions = [Position("BTCUSDT", "LONG", 0.042, 89_120.4, 90_412.5, unrealized_usd=54.27, leverage=4.0)]
account = Account(cash_usd=10_407.0, unrealized_usd=sum(leg.unrealized_usd for leg in positions))
nav = build_nav(account, ExchangeContact(now_s), build_aum(account.nav_usd, [], {}), Fx(), now_s)
write_nav(nav, state_dir)
write_positions(build_positions(positions, now_s), state_dir)
write_synced_state(build_synced_state(positions, nav, engine_version="mine"), state_dir)
