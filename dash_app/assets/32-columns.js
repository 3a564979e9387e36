// Columns are as wide as their longest text on any page, so that turning a page moves nothing. Where they do not all fit
// they leave in the order that the server gives, and what has left is told.
(function (hedge) {
    "use strict";

    const WIDEST = 3; // a canvas knows the order of texts, and the page their widths
    const MOST_TEXTS = 200;
    const MARKS = { warn: "▲ ", fail: "■ " }; // as the style sheet puts them before a text
    const known = new Map(); // id -> its style sheet and what that was made for

    const toneOf = (row, column) => new RegExp(`\\|${column}:([a-z]+)\\|`).exec(row.tones || "")?.[1];

    const pen = document.createElement("canvas").getContext("2d");

    // Letters differ in width: the widest text is among the longest, and need not be the longest.
    function widestTexts(rows, column) {
        const texts = new Set(rows.map((row) => (MARKS[toneOf(row, column)] || "") + String(row[column] ?? "")));
        const longest = [...texts].sort((one, other) => other.length - one.length).slice(0, MOST_TEXTS);
        const widths = new Map(longest.map((text) => [text, pen.measureText(text).width]));
        return longest.sort((one, other) => widths.get(other) - widths.get(one)).slice(0, WIDEST);
    }

    function line(text, name) {
        const row = document.createElement("div");
        row.className = name;
        row.textContent = text;
        return row;
    }

    // A header in its best two lines: `dd today / %`.
    function breaksOf(name) {
        const words = name.split(" ");
        const cuts = words.length > 1 ? words.slice(1).map((_, cut) => cut + 1) : [1];
        return cuts.map((cut) => [words.slice(0, cut).join(" "), words.slice(cut).join(" ")]);
    }

    function pile(ruler, texts, name) {
        const part = ruler.appendChild(document.createElement("div"));
        part.append(...texts.map((text) => line(text, name)));
        return () => part.getBoundingClientRect().width;
    }

    // The width that each column needs: a header may take two lines, a cell may not.
    function measure(box, { columns, data }) {
        const ruler = box.appendChild(line("", "ruler"));
        pen.font = getComputedStyle(ruler).font;
        const parts = columns.map(function ({ id, name }) {
            const heads = breaksOf(name).map((lines) => pile(ruler, lines, "head"));
            return { id, name, heads, cells: pile(ruler, widestTexts(data, id), "") };
        });
        const found = parts.map(function ({ id, name, heads, cells }) {
            return { id, name, width: Math.ceil(Math.max(cells(), Math.min(...heads.map((width) => width())))) };
        });
        ruler.remove();
        return found;
    }

    function chooseLeaving(widths, order, room) {
        let needed = widths.reduce((sum, { width }) => sum + width, 0);
        const width = (key) => widths.find(({ id }) => id === key)?.width;
        return order.filter(function (key) {
            const leaves = needed > room && width(key) !== undefined;
            if (leaves) needed -= width(key);
            return leaves;
        });
    }

    // A style sheet of its own, since a table writes its cells anew with every page.
    function sheetOf(id) {
        const state = known.get(id) || known.set(id, {}).get(id);
        if (!state.sheet) {
            state.sheet = new CSSStyleSheet();
            document.adoptedStyleSheets = [...document.adoptedStyleSheets, state.sheet];
        }
        return state;
    }

    // What room is left is shared out here and not by the table, which would look at the rows of one page.
    function share(widths, leaving, room) {
        const needed = sumOf(widths, leaving);
        const larger = Math.max(room / needed, 1);
        return widths.map((column) => ({ ...column, width: Math.floor(column.width * larger) }));
    }

    function rules(id, widths, leaving, further) {
        const cell = (key) => `#${id} [data-dash-column="${key}"]`;
        const first = widths.find((column) => further.includes(column.id) && !leaving.includes(column.id));
        const edge = first && id === "positions-table" ? [`${cell(first.id)} { border-left: 1px solid var(--hue-strong-hairline) !important; }`] : [];
        const shown = widths.map(function ({ id: key, width, breaks }) {
            if (leaving.includes(key)) return `${cell(key)} { display: none; }`;
            const broken = breaks ? `${cell(key)} .dash-cell-value { white-space: normal !important; overflow-wrap: anywhere; }` : "";
            return `${cell(key)} { width: ${width}px !important; } ${broken}`;
        });
        return [`#${id} table { table-layout: fixed; }`, ...shown, ...edge].join("\n");
    }

    const sumOf = (widths, leaving) => widths.reduce((sum, { id, width }) => sum + (leaving.includes(id) ? 0 : width), 0);

    // What never leaves has to fit all the same: closer and smaller, and at the very last a name takes two lines.
    function tighten(box, props, wide, leaving, room) {
        const needed = sumOf(wide, leaving);
        if (needed <= room) return wide;
        box.dataset.tight = "1";
        box.style.setProperty("--tight", `calc(${(room / needed).toFixed(3)} * ${getComputedStyle(box.querySelector("table")).fontSize})`);
        return measure(box, props);
    }

    function squeeze(widths, leaving, room) {
        const over = sumOf(widths, leaving) - room;
        return over > 0 ? widths.map((column, index) => (index === 0 ? { ...column, width: column.width - over, breaks: true } : column)) : widths;
    }

    function fit({ id, box, card, props }) {
        const state = sheetOf(id);
        const room = box.clientWidth;
        const size = document.documentElement.clientWidth + getComputedStyle(document.documentElement).fontSize;
        const same = state.data === props.data && state.columns === props.columns && state.room === room && state.size === size;
        if (same || !room) return;
        Object.assign(state, { data: props.data, columns: props.columns, room, size });
        delete box.dataset.tight;
        const wide = measure(box, props);
        const leaving = chooseLeaving(wide, hedge.listOf(box, "leaving"), room);
        const widths = share(squeeze(tighten(box, props, wide, leaving, room), leaving, room), leaving, room);
        const text = rules(id, widths, leaving, hedge.listOf(box, "further"));
        if (state.text !== text) state.sheet.replaceSync(text);
        state.text = text;
        tell(card, props.data.length ? widths.filter((column) => leaving.includes(column.id)) : []); // no rows, no columns
    }

    function tell(card, left) {
        const told = card.querySelector(".left-out");
        const words = left.length ? `not on this width: ${left.map(({ name }) => name).join(", ")}` : "";
        if (told.textContent !== words) told.textContent = words;
    }

    document.addEventListener("hedge-drawn", () => hedge.eachTable(fit));
})(window.hedge);
