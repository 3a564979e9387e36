// Everything has room: long words shrink, a tape shows whole entries, and where a wall is too low the tables turn more pages of fewer rows.
// What has no room then gives some itself, and last of all leaves, which is told.
(function (hedge) {
    "use strict";

    const WALL_PX = 1000; // narrower screens scroll
    const SMALLEST_PX = 12;
    const WORDS = ".big, .figure, .nav-figure, .donut-total";
    const MOST_ROWS = 10;
    const LEAST_ROWS = 2;
    const STRIP_ROWS = 2; // what changed stands beside the longer table and takes as much as two rows
    // What gives room after the rows, first to go first: smaller words, closer panels; the last two leave a kiosk, which cannot scroll.
    const GIVING = ["words", "gaps", "tape", "charts"];
    const LEAVING = 2;
    const root = document.documentElement;
    const isWall = () => window.innerWidth >= WALL_PX;

    // --- what has nothing to show, for the grid of the page ---

    function noteEmpty() {
        const main = document.querySelector(".main");
        const is = (part) => main.querySelector(part) !== null;
        const parts = { legend: is(".legend-none"), nav: is(".nav-none"), tape: is(".tape .change-none") && !is(".tape .note") };
        const empty = Object.keys(parts).filter((name) => parts[name]).join(" ");
        if (main.dataset.empty !== empty) main.dataset.empty = empty;
    }

    // --- words ---

    let fitted = new WeakMap(); // element -> what it was fitted for

    function fitWords() {
        const changed = [...document.querySelectorAll(WORDS)].filter(function (element) {
            const now = `${element.textContent}|${element.parentElement.clientWidth}`;
            return fitted.get(element) !== now && fitted.set(element, now);
        });
        changed.forEach((element) => element.style.setProperty("--shrink", 1));
        const needed = changed.map((element) => [element, element.scrollWidth, element.clientWidth, parseFloat(getComputedStyle(element).fontSize)]);
        needed.forEach(function ([element, wanted, given, size]) {
            if (wanted > given && given > 0) element.style.setProperty("--shrink", Math.max((0.985 * given) / wanted, SMALLEST_PX / size));
        });
    }

    // --- the tape ---

    let taped = ""; // how the tape was left

    // Showing and hiding entries has the style of the whole page made anew, so it is done for another tape only.
    function fitTape() {
        const tape = document.querySelector(".tape");
        if (!tape || signOf(tape) === taped) return;
        fitEntries(tape);
        taped = signOf(tape);
    }

    const entriesOf = (tape) => [...tape.querySelectorAll(".change, .change-none")];

    function signOf(tape) {
        const entries = entriesOf(tape).map((entry) => `${entry.style.order} ${entry.hidden} ${entry.textContent}`);
        return [tape.clientWidth, tape.clientHeight, ...entries].join("|");
    }

    // The newest entry always stands there, in as many lines as it takes; of the others those that are whole.
    function fitEntries(tape) {
        const entries = entriesOf(tape).sort((one, other) => one.style.order - other.style.order);
        entries.forEach((entry) => { entry.hidden = false; });
        const first = entries.find((entry) => entry.offsetHeight > 0);
        if (!isWall() || !first) return;
        const needed = `${first.offsetHeight + 1}px`;
        if (root.style.getPropertyValue("--newest") !== needed) root.style.setProperty("--newest", needed);
        const end = tape.getBoundingClientRect().bottom + 1;
        const out = entries.filter((entry) => entry !== first && entry.getBoundingClientRect().bottom > end);
        out.forEach((entry) => { entry.hidden = true; });
    }

    // --- rows ---

    let rows = MOST_ROWS;
    let most = MOST_ROWS; // what has been too many is not tried again before something around the tables is another
    let around = "";
    let inVain = ""; // what was around them when everything that may had given, and it was not enough

    const countOf = (table) => (hedge.propsOf(table)?.data || []).length;
    const least = () => (isWall() ? LEAST_ROWS : MOST_ROWS);
    const symbolRows = () => Math.max(rows - STRIP_ROWS, LEAST_ROWS);

    const overOf = (page) => page.scrollHeight - window.innerHeight;

    function rowsMissing() {
        const page = document.getElementById("page");
        const [positions, symbols] = [".positions", ".symbols"].map((panel) => document.querySelector(panel));
        const stacked = positions.offsetTop >= symbols.offsetTop + symbols.offsetHeight; // each has a row more
        const rowPx = (document.querySelector(".table-box tr:has(td)")?.offsetHeight || 24) * (stacked ? 2 : 1);
        const overPx = overOf(page);
        if (overPx > 0) return Math.ceil(overPx / rowPx);
        return -Math.floor(spareHeight() / rowPx);
    }

    // What the charts could give, and what the page has left below its panels where they take no more.
    function spareHeight() {
        const main = document.querySelector(".main");
        const springs = [...main.querySelectorAll(".aum, .nav-history")].map(function (chart) {
            const least = parseFloat(getComputedStyle(chart).minHeight); // none of one that has nothing to draw
            return least ? chart.offsetHeight - least : 0;
        });
        const end = Math.max(...[...main.children].map((panel) => panel.getBoundingClientRect().bottom));
        return Math.max(...springs, 0) + Math.max(main.getBoundingClientRect().bottom - end, 0);
    }

    function setRows() {
        const sizes = { "positions-table": rows, "symbols-table": symbolRows() };
        Object.entries(sizes).forEach(function ([table, size]) {
            if (hedge.propsOf(table)?.page_size !== size) hedge.setProps(table, { page_size: size });
        });
    }

    function aroundTables() {
        const heights = [".page-header", "#alert-line", "#kpi-cards", "#overview-cards", ".page-footer"].map((part) => document.querySelector(part)?.offsetHeight);
        return [...heights, ...hedge.TABLES.map(countOf), document.querySelector(".tape")?.textContent].join("|");
    }

    // A table draws another number of rows a moment later, and its page is not measured before.
    const areDrawn = () => hedge.TABLES.every(function (id) {
        return document.querySelectorAll(`#${id} tr:has(td)`).length <= (hedge.propsOf(id)?.page_size ?? Infinity);
    });

    function fitRows() {
        if (!document.querySelector(".main").offsetHeight) return give(0); // the overview of several desks is on show
        if (!areDrawn()) return;
        const [positions, symbols] = hedge.TABLES.map(countOf);
        const [before, now] = [rows, aroundTables()];
        if (now !== around) {
            [around, most, inVain] = [now, MOST_ROWS, ""];
            give(0);
        }
        const missing = isWall() ? rowsMissing() : -MOST_ROWS;
        const shown = Math.max(Math.min(positions, rows), Math.min(symbols + STRIP_ROWS, rows));
        if (missing > 0) rows = most = Math.max(Math.min(rows, shown) - missing, least());
        else if (missing < 0 && rows < most) rows = Math.min(rows - missing, most);
        const strip = Math.min(positions, rows) > Math.min(symbols, symbolRows()) ? "left" : "right";
        if (root.dataset.strip !== strip) root.dataset.strip = strip;
        if (rows === before && missing > 0) giveMore();
        if (rows === before) return;
        setRows();
        requestAnimationFrame(hedge.measureAgain);
    }

    // --- what gives room where no row is left to ---

    const given = () => hedge.listOf(root, "gives").length;

    function give(count) {
        if (count === given()) return;
        if (count) root.dataset.gives = GIVING.slice(0, count).join(" ");
        else delete root.dataset.gives;
    }

    // Before the page is seen. One that has to scroll all the same has no reason to be small.
    function giveMore() {
        if (inVain === around) return;
        const page = document.getElementById("page");
        const end = root.dataset.kiosk ? GIVING.length : LEAVING;
        while (overOf(page) > 0 && given() < end) give(given() + 1);
        const isOver = overOf(page) > 0;
        if (isOver && !root.dataset.kiosk) give(0);
        around = aroundTables();
        inVain = isOver ? around : "";
        requestAnimationFrame(hedge.measureAgain);
    }

    // --- the footer ---

    function keepFooter() {
        const footer = document.querySelector(".page-footer");
        const held = parseFloat(root.style.getPropertyValue("--footer-height")) || 0;
        if (footer && footer.offsetHeight > held && !root.dataset.gives) root.style.setProperty("--footer-height", `${footer.offsetHeight}px`);
    }

    document.addEventListener("hedge-resized", function () {
        fitted = new WeakMap();
        taped = "";
        rows = most = MOST_ROWS;
        root.style.removeProperty("--footer-height");
        inVain = "";
        give(0);
        setRows();
    });
    document.addEventListener("hedge-drawn", function () {
        noteEmpty();
        fitWords();
        keepFooter();
        fitTape();
        fitRows();
    });
})(window.hedge);
