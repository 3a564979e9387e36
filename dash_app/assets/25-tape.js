// What this browser noticed by itself, such as a server that was away: kept over reloads, and sorted in among the changes
// that the server tells. Each page path has a tape of its own.
(function (hedge) {
    "use strict";

    const KEY = `hedge-tape:${window.location.pathname}`;
    const MOST = 30;
    const SAME_WITHIN_S = 5; // several tabs of one browser notice the same
    let notes = read();

    function read() {
        try {
            const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
            const sound = (note) => note && Number.isFinite(note.at) && typeof note.text === "string";
            return Array.isArray(kept) ? kept.filter(sound).slice(0, MOST) : [];
        } catch {
            return []; // no storage: the notes live as long as the page
        }
    }

    function note(detail) {
        notes = read().length ? read() : notes;
        const known = notes.some((old) => old.kind === detail.kind && Math.abs(old.at - detail.at) < SAME_WITHIN_S);
        if (!known) notes = [detail, ...notes].sort((one, other) => other.at - one.at).slice(0, MOST);
        try {
            localStorage.setItem(KEY, JSON.stringify(notes));
        } catch {
            // As above.
        }
        show();
    }

    function line({ at, text }) {
        const row = document.createElement("div");
        row.className = "change note";
        row.dataset.at = at;
        const [time, words] = ["change-time moment", "change-text"].map(function (name) {
            const part = row.appendChild(document.createElement("span"));
            part.className = name;
            return part;
        });
        time.dataset.at = at;
        words.textContent = text;
        return row;
    }

    // Dash owns its lines, this script its own: they stand in two boxes and are put in order by the style sheet's `order`.
    function show() {
        const own = document.getElementById("browser-changes");
        if (!own) return;
        const shown = JSON.stringify(notes);
        if (own.dataset.shown !== shown) own.replaceChildren(...notes.map(line));
        own.dataset.shown = shown;
        const rows = [...document.querySelectorAll(".tape .change[data-at]")];
        rows.sort((one, other) => Number(other.dataset.at) - Number(one.dataset.at));
        rows.forEach(function (row, index) {
            if (row.style.order !== String(index)) row.style.order = index;
        });
    }

    let lostAt = null;
    document.addEventListener("hedge-connection", function ({ detail }) {
        if (detail.lost) {
            lostAt = detail.at;
            note({ kind: "lost", at: detail.at, text: detail.words });
        } else if (lostAt !== null) {
            const at = hedge.realNow();
            note({ kind: "back", at, text: `Connection back after ${hedge.ageText(at - lostAt)}` });
            lostAt = null;
        }
    });
    document.addEventListener("hedge-reload", ({ detail }) => note({ ...detail, at: hedge.realNow() }));
    document.addEventListener("hedge-beat", show);
})(window.hedge);
