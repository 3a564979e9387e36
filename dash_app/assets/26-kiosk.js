// `?kiosk=1`: a wall that nobody touches. `?theme=light`: the same page on a light ground.
(function (hedge) {
    "use strict";

    const PAGE_MS = 10000;
    const SHIFT_MS = 180000;
    const SHIFTS = [[0, 0], [3, 0], [3, 3], [0, 3], [-3, 3], [-3, 0], [-3, -3], [0, -3], [3, -3]];
    const TABLES = ["positions-table", "symbols-table"];
    const root = document.documentElement;
    const asked = new URLSearchParams(window.location.search);

    if (asked.get("theme") === "light") root.dataset.bsTheme = "light";
    if (asked.get("kiosk") !== "1") return;
    root.dataset.kiosk = "1";

    // The screen stays awake where the browser allows it; a hidden page loses the lock.
    async function stayAwake() {
        if (document.hidden || !navigator.wakeLock) return;
        try {
            await navigator.wakeLock.request("screen");
        } catch {
            // Not allowed here, such as over plain HTTP: the system's own settings decide.
        }
    }

    // Against burn-in: nothing stands on the same pixels for ever.
    let shifted = 0;
    function shift() {
        shifted = (shifted + 1) % SHIFTS.length;
        const [right, down] = SHIFTS[shifted];
        root.style.setProperty("--shift", `${right}px ${down}px`);
    }

    function pagesOf(table) {
        const last = document.querySelector(`#${table} .page-number .last-page`);
        return last ? Number(last.textContent.replace(/[^0-9]/g, "")) || 1 : 1;
    }

    let turn = 0;
    function showPages() {
        TABLES.forEach(function (table) {
            const box = document.getElementById(table)?.closest(".table-box");
            const pages = pagesOf(table);
            if (!box) return;
            if (pages > 1) box.dataset.page = `${(turn % pages) + 1} / ${pages}`;
            else delete box.dataset.page;
        });
    }

    function turnPages() {
        turn += 1;
        TABLES.forEach((table) => hedge.setProps(table, { page_current: turn % pagesOf(table) }));
        showPages();
    }

    stayAwake();
    document.addEventListener("visibilitychange", stayAwake);
    document.addEventListener("hedge-beat", showPages);
    setInterval(shift, SHIFT_MS);
    setInterval(turnPages, PAGE_MS);
})(window.hedge);
