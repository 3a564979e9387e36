// What the components themselves leave out: names of buttons, a way out by Tab, and words for a chart.
(function () {
    "use strict";

    const BUTTONS = { "first-page": "first page", "previous-page": "previous page", "next-page": "next page", "last-page": "last page" };
    const TABLES = { "positions-table": "open positions", "symbols-table": "risk by symbol" };
    const CHARTS = { "aum-donut": ["AUM breakdown", "aum-legend"], "nav-history": ["NAV history", "nav-caption"], "nav-week": ["NAV history", "nav-caption"] };

    function set(element, name, value) {
        if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
    }

    function nameButtons([table, words]) {
        const box = document.getElementById(table);
        Object.entries(BUTTONS).forEach(([kind, name]) => set(box?.querySelector(`button.${kind}`), "aria-label", `${words}: ${name}`));
        set(box?.querySelector("input.current-page"), "aria-label", `${words}: page`);
    }

    // The picture is one thing with a text; what is in it are hundreds of shapes.
    function describe([chart, [name, caption]]) {
        const words = document.getElementById(caption)?.textContent.trim();
        const picture = document.getElementById(chart);
        set(picture, "role", "img");
        set(picture, "aria-label", words ? `${name}: ${words}` : name);
    }

    // A table takes Tab for its own walk from cell to cell, which this page does not have.
    function letOut(event) {
        if (event.key === "Tab" && event.target instanceof Element && event.target.closest(".dash-table-container")) event.stopPropagation();
    }

    window.addEventListener("keydown", letOut, true);
    // As soon as something is drawn: nothing is without its name in the meantime.
    new MutationObserver(function () {
        Object.entries(TABLES).forEach(nameButtons);
        Object.entries(CHARTS).forEach(describe);
    }).observe(document.body || document.documentElement, { childList: true, subtree: true });
})();
