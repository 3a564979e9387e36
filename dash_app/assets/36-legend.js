// The table of the AUM slices: as many columns of slices as it needs for its height. Where there is no width ZAR leaves first,
// then the share, which is told as with the columns of tables; slices without room are told as one, with their sum.
// Where the total stands in the title the title leaves it its room.
(function (hedge) {
    "use strict";

    const WALL_PX = 1000; // narrower screens scroll: every slice has a line of its own
    const MOST_COLUMNS = 3;
    const LEAVING = ["zar", "share"]; // first to go first
    const isWall = () => window.innerWidth >= WALL_PX;

    let fitted = "";
    let fittedTable;

    function overflows(element) {
        return element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;
    }

    // Amounts of USD alone need no heading: the title of the panel has said so.
    function lay(table, { columns, left, wraps = false, bare = columns > 1 }) {
        const rows = table.querySelectorAll(".legend-row:not([hidden])").length;
        table.style.setProperty("--legend-columns", columns);
        table.style.setProperty("--legend-rows", bare ? Math.ceil(rows / columns) : rows + 1);
        table.toggleAttribute("data-bare", bare);
        table.dataset.left = left.join(" ");
        table.toggleAttribute("data-wraps", wraps);
    }

    const thereIn = (table) => LEAVING.filter((name) => table.classList.contains(`with-${name}`));

    // Labels wrap at last, since a table of broken names is slow to read.
    function listLayouts(table) {
        const columns = Array.from({ length: isWall() ? MOST_COLUMNS : 1 }, (_, index) => index + 1);
        const there = thereIn(table);
        const lefts = [[], ...there.map((_, index) => there.slice(0, index + 1))];
        const whole = lefts.flatMap((left) => columns.map((count) => ({ columns: count, left })));
        return [...whole, ...columns.map((count) => ({ columns: count, left: there, wraps: true })), narrowest(there)];
    }

    const narrowest = (there) => ({ columns: 1, left: there, wraps: true, bare: true });

    const findLayout = (legend, table, least = 0) => listLayouts(table).find(function (layout) {
        if (layout.left.length < least) return false;
        lay(table, layout);
        return !overflows(legend);
    });

    function leaveOut(legend, table) {
        const slices = [...table.querySelectorAll(".legend-row")];
        let found;
        for (let shown = slices.length - 1; shown > 0 && !found; shown -= 1) {
            slices.slice(shown).forEach((slice) => { slice.hidden = true; });
            legend.dataset.more = tellRest(slices.slice(shown));
            found = findLayout(legend, table);
        }
        if (!found) lay(table, narrowest(thereIn(table)));
    }

    function tellRest(slices) {
        const numbers = slices.map((slice) => Number(slice.querySelector(".legend-usd")?.textContent.replaceAll(",", "")));
        const sum = numbers.reduce((total, number) => total + number, 0);
        const told = Number.isFinite(sum) ? `, ${sum.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} USD` : "";
        return `+${slices.length} more${told}`;
    }

    function tell(table, left) {
        const told = document.querySelector(".aum .left-out");
        const nameOf = (name) => table.querySelector(`.legend-head .legend-${name}`).textContent;
        const words = left.length ? `not on this width: ${left.map(nameOf).join(", ")}` : "";
        if (told.textContent !== words) told.textContent = words;
    }

    // What is told may take a line of its own, which leaves less height and makes the ring smaller: once more, with it there.
    function fit(legend, table) {
        table.querySelectorAll(".legend-row").forEach((slice) => { slice.hidden = false; });
        delete legend.dataset.more;
        tell(table, []);
        let found = findLayout(legend, table);
        if (found?.left.length) {
            tell(table, found.left);
            if (overflows(legend)) found = findLayout(legend, table, found.left.length);
        }
        if (!found && isWall()) leaveOut(legend, table);
        tell(table, table.dataset.left.split(" ").filter(Boolean));
    }

    function fitLegend() {
        const legend = document.getElementById("aum-legend");
        if (!legend) return;
        const total = document.getElementById("aum-total");
        const sign = () => [legend.textContent, legend.clientWidth, legend.clientHeight, total.offsetWidth, window.innerWidth].join("|");
        const table = legend.querySelector(".legend-table");
        if (fitted === sign() && fittedTable === table) return;
        total.closest(".aum").style.setProperty("--total", `${total.offsetWidth}px`);
        if (table) fit(legend, table);
        else tell(legend, []);
        [fitted, fittedTable] = [sign(), table];
    }

    document.addEventListener("hedge-resized", () => { fitted = ""; });
    document.addEventListener("hedge-drawn", fitLegend);
})(window.hedge);
