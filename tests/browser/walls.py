"""What is measured of a page: what is cut, small, outside its panel, over something else, or left out in silence."""

import json
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page
from serving import ROOT

CASES = ROOT / "tests" / "fixtures" / "cases"


class Viewport(NamedTuple):
    """A screen in CSS pixels; `whole`: a plain page that never scrolls."""

    width: int
    height: int
    whole: bool

    def may_scroll(self, *, kiosk: bool) -> bool:
        """Small screens scroll, and a wall does not."""
        return not self.whole and not (kiosk and self.width >= 1000)


VIEWPORTS = (
    Viewport(1920, 1080, whole=True),
    Viewport(3840, 2160, whole=True),
    Viewport(1280, 720, whole=False),
    Viewport(1366, 768, whole=True),
    Viewport(1080, 1920, whole=True),
    Viewport(1200, 1920, whole=True),
    Viewport(820, 1180, whole=False),
    Viewport(390, 844, whole=False),
)

# The browser notices a lost connection, and its return.
INTERRUPT = """() => [true, false].forEach((lost) => {
    const detail = { lost, at: Date.now() / 1000 - 9, words: "Connection lost" };
    document.dispatchEvent(new CustomEvent("hedge-connection", { detail }));
})"""

# Charts follow their panel a moment later, and rows are paged one step at a time: done when nothing moves any more.
SETTLE = """async () => {
    const MOVING = ".card, .alert, footer, .main-svg, td";
    const place = (part) => {
        const box = part.getBoundingClientRect();
        return [box.x, box.y, box.width, box.height].map(Math.round);
    };
    const sign = () => JSON.stringify([...document.querySelectorAll(MOVING)].map(place));
    const near = (one, other) => Math.abs(one - other) < 3;
    const charts = () => [...document.querySelectorAll(".graph")].every((graph) => {
        const [plot, svg] = [".js-plotly-plot", ".main-svg"].map((part) => graph.querySelector(part));
        return svg && near(svg.clientWidth, plot.clientWidth) && near(svg.clientHeight, graph.clientHeight);
    });
    let [last, same] = ["", 0];
    for (let tries = 0; tries < 150 && (same < 6 || !charts()); tries += 1) {
        await new Promise((done) => setTimeout(() => requestAnimationFrame(done), 25));
        const now = sign();
        same = now === last ? same + 1 : 0;
        last = now;
    }
    return same >= 6;
}"""

MEASURE = """([width, height, mayScroll]) => {
    const faults = [];
    const root = document.documentElement;
    const name = (part) => `${part.closest("[id]")?.id || ""} ${part.className?.baseVal ?? part.className}`.trim();
    const say = (kind, part, more = "") => {
        faults.push(`${kind}: ${name(part)} "${part.textContent.slice(0, 40)}" ${more}`);
    };
    const visible = (part) => {
        return part.checkVisibility({ visibilityProperty: true }) && !part.closest(".visually-hidden, .ruler");
    };
    const PANELS = ".card, .alert, .page-header, .page-footer";
    const panels = [...document.querySelectorAll(`${PANELS}, .section > h2`)].filter(visible);

    // A line box is taller than what is written in it: a sixth of the type above and below is air.
    const inked = (part) => (box) => {
        const air = parseFloat(getComputedStyle(part).fontSize) / 6;
        return new DOMRect(box.x, box.y + air, box.width, Math.max(box.height - 2 * air, 1));
    };

    const texts = [];
    const walker = document.createTreeWalker(document.getElementById("page"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const [text, part] = [walker.currentNode, walker.currentNode.parentElement];
        if (!text.textContent.trim() || !visible(part) || part.closest("script, style")) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const boxes = [...range.getClientRects()].filter((box) => box.width > 0.5 && box.height > 0.5);
        if (boxes.length) texts.push({ part, boxes: boxes.map(inked(part)), panel: part.closest(PANELS) });
    }

    texts.forEach(({ part, boxes, panel }) => {
        const style = getComputedStyle(part);
        if (parseFloat(style.fontSize) < 11.99) say("small", part, style.fontSize);
        if (style.textOverflow === "ellipsis" && part.scrollWidth > part.clientWidth) say("ellipsis", part);
        const inner = panel?.getBoundingClientRect();
        boxes.forEach((box) => {
            if (box.left < -1 || box.right > width + 1) say("outside the screen", part);
            else if (inner && !part.closest(".graph") && (box.left < inner.left - 1 || box.right > inner.right + 1
                || box.top < inner.top - 1 || box.bottom > inner.bottom + 1)) say("outside its panel", part);
        });
        for (let box = part; box && box.id !== "page"; box = box.parentElement) {
            const apart = box.closest(".graph, .dash-spreadsheet-container");
            if (apart || getComputedStyle(box).overflow === "visible") continue;
            if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) say("clipped", box);
        }
    });

    const over = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 2
        && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 2;
    panels.forEach((one, index) => panels.slice(index + 1).forEach((other) => {
        const apart = !one.contains(other) && !other.contains(one);
        const covers = over(one.getBoundingClientRect(), other.getBoundingClientRect());
        if (apart && covers) say("panels over one another", one, name(other));
    }));
    panels.forEach((panel) => {
        const own = texts.filter((text) => text.panel === panel && !text.part.closest(".graph"));
        own.forEach((one, index) => own.slice(index + 1).forEach((other) => {
            const covers = one.boxes.some((box) => other.boxes.some((second) => over(box, second)));
            if (covers) say("texts over one another", one.part, other.part.textContent);
        }));
        const inner = panel.getBoundingClientRect();
        panel.querySelectorAll(".graph, table").forEach((part) => {
            const box = part.getBoundingClientRect();
            const sticks = box.right > inner.right + 1 || box.bottom > inner.bottom + 1;
            if (visible(part) && sticks) say("outside its panel", part);
        });
    });

    // Words on a chart: whole, inside it, and apart.
    [...document.querySelectorAll(".graph")].filter((graph) => graph.checkVisibility()).forEach((graph) => {
        const frame = graph.getBoundingClientRect();
        const words = [...graph.querySelectorAll(".annotation-text")].filter(visible)
            .map((part) => ({ part, box: inked(part)(part.getBoundingClientRect()) }));
        if (frame.height < 34) say("no height", graph, frame.height);
        words.forEach(({ part, box }, index) => {
            const aside = box.left < frame.left - 2 || box.right > frame.right + 2;
            if (aside || box.top < frame.top - 2 || box.bottom > frame.bottom + 2) say("outside its chart", part);
            const other = words.slice(index + 1).find((one) => over(box, one.box));
            if (other) say("chart texts over one another", part, other.part.textContent);
        });
    });

    document.querySelectorAll("th[data-dash-column]").forEach((header) => {
        if (header.checkVisibility() || !header.closest(".table-box").checkVisibility()) return;
        const told = header.closest(".card").querySelector(".left-out").textContent;
        if (!told.includes(header.textContent.trim())) say("left in silence", header, told);
    });
    document.querySelectorAll(".card:has(.table-box) .left-out:not(:empty)").forEach((told) => {
        const cell = told.closest(".card").querySelector(".table-box td");
        if (visible(told) && !cell?.checkVisibility()) say("columns of no table", told);
    });
    document.querySelectorAll(".legend-row:not([hidden]) > :is(.legend-zar, .legend-share)").forEach((cell) => {
        if (cell.checkVisibility() || !cell.parentElement.checkVisibility()) return;
        const told = cell.closest(".card").querySelector(".left-out").textContent;
        if (!told.includes(cell.matches(".legend-zar") ? "ZAR" : "share")) say("left in silence", cell, told);
    });
    document.querySelectorAll(".table-box td").forEach((cell) => {
        const oneLine = 1.9 * parseFloat(getComputedStyle(cell).fontSize) + 4;
        if (visible(cell) && cell.offsetHeight > oneLine) say("wrapped", cell);
    });

    if (root.scrollWidth > width) faults.push(`sideways scroll: ${root.scrollWidth}`);
    if (!mayScroll && root.scrollHeight > height) faults.push(`scroll: ${root.scrollHeight}`);
    return [...new Set(faults)];
}"""


def resize(page: Page, viewport: Viewport, *, kiosk: bool) -> None:
    """The page on another screen, where `await_still` or `list_faults` waits for it."""
    page.evaluate("kiosk => { if (kiosk) document.documentElement.dataset.kiosk = '1'; }", kiosk)
    page.evaluate("kiosk => { if (!kiosk) delete document.documentElement.dataset.kiosk; }", kiosk)
    page.set_viewport_size({"width": viewport.width, "height": viewport.height})
    page.evaluate("window.dispatchEvent(new Event('resize'))")


def await_still(page: Page) -> bool:
    """Return once nothing moves any more; False when that never comes."""
    return bool(page.evaluate(SETTLE))


def list_faults(page: Page, viewport: Viewport, *, kiosk: bool) -> list[str]:
    """Everything that is wrong with the page on this screen, once it stands still; a slow machine is given time to."""
    screen = [viewport.width, viewport.height, viewport.may_scroll(kiosk=kiosk)]
    for _ in range(3):
        still = await_still(page)
        found: list[str] = page.evaluate(MEASURE, screen)
        if still and not found:
            return []
    return found if still else [*found, "never stands still"]


def case_settings(name: str) -> dict[str, str]:
    """A server of a case, as of its time."""
    expected = json.loads((CASES / name / "expect.json").read_text())
    state_dir = Path(CASES / name / "logs" / "state")
    return {"HEDGE_STATE_DIR": str(state_dir), "HEDGE_NOW": str(expected["now"]), **expected.get("environ", {})}
