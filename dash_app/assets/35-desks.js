// Several desks: links between their pages and the overview, which load nothing anew and keep all else that the address
// asks for; and tiles that are closer, and turn pages at last, where a wall is too low for all of them.
(function (hedge) {
    "use strict";

    const NAME = '#fleet-table td[data-dash-column="name"]';
    const DENSITIES = ["full", "low", "close"];
    const LEAST_LINE_PX = 20; // a line that is lower tells nothing

    // --- links ---

    function addressOf(name) {
        const asked = new URLSearchParams(window.location.search);
        asked.delete("desk");
        if (name) asked.set("desk", name);
        return `${window.location.pathname}${asked.size ? `?${asked}` : ""}`;
    }

    function go(event, name) {
        if (event.button > 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        window.history.pushState({}, "", addressOf(name));
        window.dispatchEvent(new CustomEvent("_dashprivate_pushstate")); // the word by which Dash hears of an address
        window.scrollTo(0, 0);
    }

    document.addEventListener("click", function (event) {
        const link = event.target.closest?.("a[data-desk]");
        const cell = event.target.closest?.(NAME);
        if (link) go(event, link.dataset.desk);
        else if (cell) go(event, cell.textContent.trim());
    });
    document.addEventListener("keydown", function (event) {
        const cell = event.key === "Enter" && event.target.closest?.(NAME);
        if (cell) go(event, cell.textContent.trim());
    }, true);

    // For whoever opens one in another tab.
    function markLinks() {
        document.querySelectorAll("a[data-desk]").forEach(function (link) {
            const address = addressOf(link.dataset.desk);
            if (link.getAttribute("href") !== address) link.setAttribute("href", address);
        });
        document.querySelectorAll(NAME).forEach(function (cell) {
            if (cell.tabIndex !== 0) cell.tabIndex = 0;
        });
    }

    // --- tiles ---

    let page = 0;
    let known = "";

    const isWall = () => window.innerWidth >= 1000;
    const overflows = (tile) => tile.scrollHeight > tile.clientHeight + 1 || tile.scrollWidth > tile.clientWidth + 1;

    function showPage(tiles, count, shown) {
        tiles.forEach(function (tile, index) {
            const hidden = Math.floor(index / count) !== shown;
            if (tile.hidden !== hidden) tile.hidden = hidden;
        });
    }

    function pageFits(tiles, density) {
        const shown = tiles.filter((tile) => !tile.hidden);
        if (shown.some(overflows)) return false;
        const line = density === "full" && shown[0].querySelector(".tile-line");
        return !line || line.clientHeight >= LEAST_LINE_PX;
    }

    function fits(box, tiles, count, density) {
        if (box.dataset.density !== density) box.dataset.density = density;
        for (let shown = 0; shown < Math.ceil(tiles.length / count); shown += 1) {
            showPage(tiles, count, shown);
            if (!pageFits(tiles, density)) return false;
        }
        return true;
    }

    // All of them, the closer the lower the wall is; else fewer rows of them a page. Answers how many a page has.
    function fitTiles(box, tiles) {
        if (!isWall()) {
            box.dataset.density = "full";
            return tiles.length;
        }
        const columns = getComputedStyle(tiles[0].parentElement).gridTemplateColumns.split(" ").length;
        for (let rows = Math.ceil(tiles.length / columns); rows > 0; rows -= 1) {
            const count = Math.min(rows * columns, tiles.length);
            if (DENSITIES.some((density) => fits(box, tiles, count, density))) return count;
        }
        return columns;
    }

    function show() {
        const box = document.getElementById("fleet-tiles");
        const tiles = [...(box?.querySelectorAll(".tile") || [])];
        if (!tiles.length || !box.offsetHeight) return;
        const now = [tiles.length, page, box.offsetHeight, box.offsetWidth, box.textContent.length].join();
        if (now === known) return;
        const count = fitTiles(box, tiles);
        const pages = Math.ceil(tiles.length / count);
        page = ((page % pages) + pages) % pages;
        showPage(tiles, count, page);
        known = [tiles.length, page, box.offsetHeight, box.offsetWidth, box.textContent.length].join();
        const pager = document.querySelector(".tile-pager");
        pager.hidden = pages < 2;
        pager.querySelector(".tiles-of").textContent = `tiles ${page + 1} / ${pages}`;
    }

    function turn(step) {
        page += step;
        show();
    }

    document.addEventListener("click", function ({ target }) {
        const button = target.closest?.(".tile-turn");
        if (button) turn(Number(button.dataset.turn));
    });
    const turnTables = hedge.turnPages;
    hedge.turnPages = function () {
        turnTables();
        turn(1);
    };
    document.addEventListener("hedge-resized", function () {
        known = "";
    });

    // What was out of sight has had no size: charts and tables are fitted as after a change of the window's.
    let onShow = "";
    function fitPage() {
        const now = document.getElementById("shown")?.dataset.page || "";
        if (now === onShow) return;
        onShow = now;
        requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
    }

    document.addEventListener("hedge-drawn", function () {
        fitPage();
        markLinks();
        show();
    });
})(window.hedge);
