"""From a tick to what it paints, in Chromium, and from the address to the first NAV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serving import serving

from bench.answers import Address
from bench.browsing import browsing
from bench.desk import MovingDesk
from bench.row import BYTES, COUNT, Row
from bench.soak import take_sample
from bench.tab import count_drawings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, CDPSession, Page
    from serving import Server

    from bench.sizes import Sizes

P95_TARGET_S = 0.15
# The page's own interval stands aside: this drives the ticks.
REFRESH_MS = 60_000
# What the browser does between two ticks is not part of either.
PAUSE_MS = 120
WALL = {"width": 1920, "height": 1080}

# `value` ends with the first frame that shows another NAV, `all` with the frame of the last change that the tick
# brought, charts and tables included. A frame is over when the task after it runs. Ages and clocks go on by themselves.
TICKER = """drawings => {
    const SETTLE_MS = 150;
    const TIMEOUT_MS = 15000;
    const BY_ITSELF = ".age, .clocks";
    const readNav = () => document.querySelector('[data-field="nav.nav_usd"]')?.textContent;
    const element = node => (node.nodeType === Node.TEXT_NODE ? node.parentElement : node);
    const drawn = ({ target }) => !element(target)?.closest(BY_ITSELF);
    const afterFrame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    window.timeTick = (number) => new Promise((done, fail) => {
        const found = { answers: [] };
        const before = readNav();
        let quiet = 0;
        let began = 0;
        const finish = (settle, result) => {
            observer.disconnect();
            document.removeEventListener("hedge-answer", answered);
            clearTimeout(tooLate);
            settle(result);
        };
        const observer = new MutationObserver(async changes => {
            if (!changes.some(drawn)) return;
            const shows = readNav() !== before;
            await afterFrame();
            found.all = performance.now() - began;
            if (shows) found.value ??= found.all;
            clearTimeout(quiet);
            if (!found.value || found.answers.length <= drawings) return;
            quiet = setTimeout(() => finish(done, found), SETTLE_MS);
        });
        const answered = ({ detail }) => {
            found.answers.push(performance.now() - began);
            if (detail.response.status !== 200) finish(fail, new Error(`answered ${detail.response.status}`));
        };
        const tooLate = setTimeout(() => finish(fail, new Error(JSON.stringify(found))), TIMEOUT_MS);
        document.addEventListener("hedge-answer", answered);
        observer.observe(document.getElementById("page"), { subtree: true, childList: true, characterData: true });
        began = performance.now();
        window.dash_clientside.set_props("tick", { n_intervals: number });
    });
}"""

# Runs before the page's own scripts; performance.now() counts from the navigation.
FIRST_PAINT = """
    new MutationObserver((_changes, observer) => {
        const nav = document.querySelector('[data-field="nav.nav_usd"]');
        if (!nav || !nav.textContent) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => { window.firstPaint = performance.now(); }));
    }).observe(document, { subtree: true, childList: true, characterData: true });
"""

# What Chromium's main thread was busy with, in seconds since the page began.
METRICS = {
    "script": "ScriptDuration",
    "layout": "LayoutDuration",
    "style": "RecalcStyleDuration",
    "main thread": "TaskDuration",
}


def bench_paint(scratch: Path, sizes: Sizes) -> Iterator[Row]:
    """Everything changes between two ticks, as in the hardest case; wall clock of the browser."""
    desk = MovingDesk(scratch / "state")
    settings = {"HEDGE_STATE_DIR": str(desk.state_dir), "HEDGE_REFRESH_MS": str(REFRESH_MS)}
    with serving(scratch / "dashboard.log", settings) as server, browsing() as browser:
        yield from _time_openings(browser, server, sizes.openings)
        page = browser.new_page(viewport=WALL)  # type: ignore[arg-type]
        page.goto(server.url)
        page.wait_for_selector("#positions-table td")
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.evaluate(TICKER, count_drawings(Address.of(server.url)))
        yield from _time_ticks(page, session, desk, sizes.paints)
        sample = take_sample(page, session, sizes.paints)
        yield Row("JavaScript heap, one tab", sample.heap_bytes, unit=BYTES, against="garbage collected")
        yield Row("nodes, one tab", sample.nodes, unit=COUNT, details={"listeners": sample.listeners})


def _time_ticks(page: Page, session: CDPSession, desk: MovingDesk, count: int) -> Iterator[Row]:
    warm_up = 1 + count // 10
    for number in range(warm_up):
        _time_tick(page, desk, number)
    before = _read_metrics(session)
    found = [_time_tick(page, desk, number) for number in range(warm_up, warm_up + count)]
    busy = {
        f"{name} per tick": f"{(value - before[name]) / count * 1e3:.0f} ms"
        for name, value in _read_metrics(session).items()
    }
    answers = {
        "poll answered": f"{_percentile([tick['answers'][0] for tick in found], 0.5):.0f} ms",
        "last drawing answered": f"{_percentile([tick['answers'][-1] for tick in found], 0.5):.0f} ms",
    }
    for what, name in (("value", "first value"), ("all", "whole page")):
        times_s = [tick[what] / 1e3 for tick in found]
        details = answers | busy if what == "all" else answers
        yield Row(f"tick to paint of the {name}, p50, wall", _percentile(times_s, 0.5), details=details)
        yield Row(f"tick to paint of the {name}, p95, wall", _percentile(times_s, 0.95), target=P95_TARGET_S)


def _time_tick(page: Page, desk: MovingDesk, number: int) -> dict[str, Any]:
    desk.change_all()
    page.wait_for_timeout(PAUSE_MS)
    found: dict[str, Any] = page.evaluate("number => window.timeTick(number)", number)
    return found


def _time_openings(browser: Browser, server: Server, count: int) -> Iterator[Row]:
    """With an empty cache, then once more in the same browser."""
    cold_s: list[float] = []
    warm_s: list[float] = []
    for _ in range(count):
        context = browser.new_context(viewport=WALL)  # type: ignore[arg-type]
        context.add_init_script(FIRST_PAINT)
        for times_s in (cold_s, warm_s):
            page = context.new_page()
            page.goto(server.url)
            times_s.append(_await_first_paint(page) / 1e3)
            page.close()
        context.close()
    for name, times_s in (("empty cache", cold_s), ("again", warm_s)):
        details = {"worst": f"{max(times_s) * 1e3:.0f} ms"}
        yield Row(f"first paint of the NAV, {name}, p50, wall", _percentile(times_s, 0.5), details=details)


def _await_first_paint(page: Page) -> float:
    """Milliseconds since the navigation."""
    page.wait_for_selector('[data-field="nav.nav_usd"]')
    while (at_ms := page.evaluate("window.firstPaint")) is None:
        page.wait_for_timeout(20)
    return float(at_ms)


def _read_metrics(session: CDPSession) -> dict[str, float]:
    found = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return {name: found[metric] for name, metric in METRICS.items()}


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
