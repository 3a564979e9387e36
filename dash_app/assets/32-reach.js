// Charts have their figures in words: the picture is one thing with a text, what is in it are hundreds of shapes.
(function () {
    "use strict";

    const CHARTS = { "aum-donut": ["AUM breakdown", "aum-legend"], "nav-history": ["NAV history", "nav-caption"], "nav-week": ["NAV history", "nav-caption"] };

    function set(element, name, value) {
        if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
    }

    function describe([chart, [name, caption]]) {
        const words = document.getElementById(caption)?.textContent.trim();
        const picture = document.getElementById(chart);
        set(picture, "role", "img");
        set(picture, "aria-label", words ? `${name}: ${words}` : name);
    }

    document.addEventListener("hedge-drawn", () => Object.entries(CHARTS).forEach(describe));
})();
