// Ages tick between loads: every `.age[data-stamp]` shows how old its stamp is now, on the server's clock.
(function (hedge) {
    "use strict";

    const FRESHNESS = ["fresh", "late", "stale"];
    const AGED = {
        late: ".source-age.late",
        stale: ".source-age:is(.stale, .unknown, .broken)",
        frozen: ".source-age.frozen-age",
    };
    const two = (number) => String(number).padStart(2, "0");

    // One rounding for all: an age of 4.96 s is 5.0 s in tenths and 5 s in words.
    const tenths = (seconds) => Math.round(Math.max(seconds, 0) * 10) / 10;

    // As fmt_age of the server: `5 s`, `10 m 12 s`, `3 h 05 m`, `2 d 04 h`.
    hedge.ageText = function (seconds) {
        const whole = Math.floor(tenths(seconds));
        if (whole < 60) return `${whole} s`;
        if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
        if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} m`;
        return `${Math.floor(whole / 86400)} d ${two(Math.floor((whole % 86400) / 3600))} h`;
    };

    function freshness(ageS, { lateAfter, staleAfter }) {
        if (staleAfter !== undefined && ageS > Number(staleAfter)) return "stale";
        return lateAfter !== undefined && ageS > Number(lateAfter) ? "late" : "fresh";
    }

    // The limits stand on the element itself or on what is around it, such as the chip of a file.
    function mark(element, ageS) {
        const holder = element.closest("[data-late-after], [data-stale-after]");
        if (!holder) return;
        const now = freshness(ageS, holder.dataset);
        FRESHNESS.forEach((word) => holder.classList.toggle(word, word === now));
    }

    // A desk of another host has a clock of its own; its stamps are of that, and so is what they are counted from.
    const skewOf = (element) => Number(element?.dataset.skew) || 0;

    function tick(element, now, pageSkew) {
        const { stamp, ageFormat } = element.dataset;
        const holder = element.closest("[data-skew]");
        const ageS = now + (holder ? skewOf(holder) : pageSkew) - Number(stamp);
        if (stamp === "" || !Number.isFinite(ageS)) return;
        const text = ageFormat === "seconds" ? tenths(ageS).toFixed(1) : hedge.ageText(ageS);
        if (element.textContent !== text) element.textContent = text;
        mark(element, ageS);
    }

    // Dash may have replaced any of the elements since the last beat, so they are looked up each time.
    function tickAll() {
        const now = hedge.now(); // the same for all, so that one file has one age
        const pageSkew = skewOf(document.getElementById("shown"));
        document.querySelectorAll(".age[data-stamp]").forEach((element) => tick(element, now, pageSkew));
        markPanels();
    }

    // What a panel's tags say of its sources, in words that the style sheet goes by. `:has()` would do without this script,
    // and have the style of the whole page made anew at every change of a tag.
    function markPanels() {
        document.querySelectorAll(".card, .header-nav").forEach(function (panel) {
            const aged = Object.keys(AGED).filter((word) => panel.querySelector(AGED[word])).join(" ");
            if ((panel.dataset.aged || "") !== aged) panel.dataset.aged = aged;
        });
    }

    document.addEventListener("hedge-beat", tickAll);
    document.addEventListener("hedge-drawn", markPanels);
})(window.hedge);
