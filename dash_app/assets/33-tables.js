// What a table itself does not do: tones and reasons of its cells, headers that sort, and pages that turn in its heading.
(function (hedge) {
    "use strict";

    const isKiosk = document.documentElement.dataset.kiosk === "1";
    const KEYS = ["Enter", " "];
    const SWALLOWED = ["Tab", "Enter", " ", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"];

    function set(element, name, value) {
        if (value === undefined || value === "") element.removeAttribute(name);
        else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
    }

    function tonesOf(row) {
        return new Map([...(row?.tones || "").matchAll(/\|([^:|]+):([a-z]+)\|/g)].map(([, column, tone]) => [column, tone]));
    }

    function markCells({ id, props }) {
        const rows = props.derived_viewport_data || [];
        const places = props.derived_viewport_indices || [];
        document.querySelectorAll(`#${id} tr:has(td)`).forEach(function (line, index) {
            const tones = tonesOf(rows[index]);
            const reasons = props.tooltip_data?.[places[index]] || {};
            line.querySelectorAll("td").forEach(function (cell) {
                const column = cell.dataset.dashColumn;
                set(cell, "data-tone", tones.get(column));
                set(cell, "data-reason", reasons[column]?.value);
            });
        });
    }

    // --- sorting ---

    const sortKey = (box, column) => (hedge.listOf(box, "words").includes(column) ? column : `${column}:key`);

    function markHeaders({ id, box, props }) {
        const [sorted] = props.sort_by || [];
        document.querySelectorAll(`#${id} th`).forEach(function (header) {
            const { dashColumn } = header.dataset;
            const direction = sorted?.column_id === sortKey(box, dashColumn) ? sorted.direction : "";
            set(header, "aria-sort", direction && `${direction}ending`);
            set(header, "scope", "col");
            if (!isKiosk) set(header, "tabindex", "0");
        });
    }

    // Numbers from the largest, words from the first letter; then the other way round; then as the server has them.
    function sortBy(header) {
        const box = header.closest(".table-box");
        const table = hedge.TABLES.find((id) => header.closest(`#${id}`));
        const key = sortKey(box, header.dataset.dashColumn);
        const steps = key.endsWith(":key") ? ["desc", "asc"] : ["asc", "desc"];
        const [sorted] = hedge.propsOf(table)?.sort_by || [];
        const direction = steps[sorted?.column_id === key ? steps.indexOf(sorted.direction) + 1 : 0];
        hedge.setProps(table, { sort_by: direction ? [{ column_id: key, direction }] : [], page_current: 0 });
        hedge.measureAgain();
    }

    const headerOf = (event) => !isKiosk && event.target.closest?.(".table-box th[data-dash-column]");

    document.addEventListener("click", function (event) {
        const header = headerOf(event);
        if (header) sortBy(header);
        const button = event.target.closest?.(".turn");
        if (button) turn(hedge.TABLES.find((id) => button.closest(".card").querySelector(`#${id}`)), Number(button.dataset.turn));
    });

    // The table takes keys for its own cells, which nobody can select: Tab would never leave it.
    document.addEventListener("keydown", function (event) {
        if (!event.target.closest?.(".table-box") || !SWALLOWED.includes(event.key)) return;
        event.stopPropagation();
        const header = headerOf(event);
        if (!header || !KEYS.includes(event.key)) return;
        event.preventDefault();
        sortBy(header);
    }, true);

    // --- pages ---

    const pagesOf = ({ data, page_size: size }) => Math.max(Math.ceil((data || []).length / size), 1);

    function turn(table, step) {
        const props = hedge.propsOf(table);
        if (!props) return;
        const pages = pagesOf(props);
        hedge.setProps(table, { page_current: ((props.page_current || 0) + step + pages) % pages });
    }

    function showPages({ id, box, card, props }) {
        const pages = pagesOf(props);
        const page = Math.min(props.page_current || 0, pages - 1);
        if (page !== (props.page_current || 0)) hedge.setProps(id, { page_current: page });
        set(box, "data-page", pages > 1 ? `${page + 1} / ${pages}` : "");
        card.querySelector(".pager").hidden = pages < 2;
        const told = card.querySelector(".page-of");
        const words = `page ${page + 1} / ${pages}`;
        if (told.textContent !== words) told.textContent = words;
    }

    hedge.turnPages = () => hedge.TABLES.forEach((table) => turn(table, 1));

    document.addEventListener("hedge-drawn", () => hedge.eachTable(function (table) {
        markCells(table);
        markHeaders(table);
        showPages(table);
    }));
})(window.hedge);
