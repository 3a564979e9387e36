// The words of the NAV chart are as wide as the style sheet has them, which the server does not know: those that would lie
// over others, or beyond the chart, are left out, and the last value has the room that it needs beside the line.
(function (hedge) {
    "use strict";

    const WALL_PX = 1000; // narrower screens scroll
    const LAST_PX = 6; // from the end of the line to its value, and a hair behind it
    const SPACE_PX = 3;
    const MOST_NUDGE_PX = 7; // further away a word would no longer be at its point
    let placed = new WeakSet();

    // A line box is taller than what is written in it: a sixth of it above and below is air.
    function inked({ left, right, top, bottom }) {
        const air = (bottom - top) / 6;
        return { left, right, top: top + air, bottom: bottom - air };
    }

    // Words beside each other are apart by a space.
    const over = (one, other) => one.left < other.right + SPACE_PX && other.left < one.right + SPACE_PX
        && one.top < other.bottom && other.top < one.bottom;

    // How far a span has to move to lie within another one.
    const shiftInto = (from, to, least, most) => Math.max(least - from, 0) + Math.min(most - to, 0);

    function findPlace(box, chart) {
        const across = shiftInto(box.left, box.right, chart.left, chart.right);
        const down = shiftInto(box.top, box.bottom, chart.top, chart.bottom);
        if (Math.abs(across) > MOST_NUDGE_PX || Math.abs(down) > MOST_NUDGE_PX) return null;
        return { across, down, box: { left: box.left + across, right: box.right + across, top: box.top + down, bottom: box.bottom + down } };
    }

    // In their order, the most important first; all are measured before any is moved.
    function placeWords(graph) {
        const words = [...graph.querySelectorAll(".annotation")];
        if (!words.length || !graph.clientHeight || placed.has(words[0])) return;
        placed.add(words[0]);
        const { left, right, top, bottom } = graph.getBoundingClientRect();
        const boxes = words.map((word) => inked(word.querySelector("text").getBoundingClientRect()));
        const taken = [];
        words.forEach(function (word, index) {
            const found = findPlace(boxes[index], { left, top, right: index ? right : Infinity, bottom });
            const fits = found !== null && !taken.some((other) => over(found.box, other));
            word.toggleAttribute("data-crowded", !fits);
            if (!fits) return;
            taken.push(found.box);
            if (found.across || found.down) word.style.translate = `${found.across}px ${found.down}px`;
        });
        // By its width alone: while the chart follows another size its place says nothing.
        const needed = boxes[0].right - boxes[0].left + LAST_PX;
        const given = parseFloat(getComputedStyle(graph).paddingRight);
        if (needed > given) graph.parentElement.style.setProperty("--last", `${Math.ceil(needed)}px`);
    }

    // Between the two times there is one line on a wall: of the facts that have no room the last ones leave.
    function fitFacts(ends) {
        const facts = [...ends.querySelectorAll(".nav-fact")];
        facts.forEach((fact) => { fact.hidden = false; });
        if (window.innerWidth < WALL_PX) return;
        const oneLine = 1.9 * parseFloat(getComputedStyle(ends).fontSize);
        while (facts.length && ends.offsetHeight > oneLine) facts.pop().hidden = true;
    }

    let fitted = "";
    function fitCaption() {
        const ends = [...document.querySelectorAll(".nav-ends")].find((one) => one.offsetHeight > 0);
        const sign = ends ? `${ends.textContent}|${ends.clientWidth}` : "";
        if (sign === fitted) return;
        fitted = sign;
        if (ends) fitFacts(ends);
    }

    document.addEventListener("hedge-resized", function () {
        placed = new WeakSet();
        fitted = "";
        document.querySelector(".nav-history .card-body")?.style.removeProperty("--last");
    });
    document.addEventListener("hedge-drawn", function () {
        fitCaption();
        document.querySelectorAll(".nav-history .graph").forEach(placeWords);
    });
})(window.hedge);
