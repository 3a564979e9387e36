// The NAV line of a day and of a week: two buttons turn them, and a kiosk does so by itself.
(function () {
    "use strict";

    const TURN_MS = 20000;
    const isKiosk = document.documentElement.dataset.kiosk === "1";

    const panel = () => document.querySelector(".nav-history");
    const buttons = () => [...document.querySelectorAll(".nav-button")];
    const shown = () => panel()?.dataset.shown || "day";

    // What is no longer there, such as a week after the log was lost, cannot be on show.
    function show(wanted) {
        const found = buttons().some(({ dataset }) => dataset.turn === wanted) ? wanted : "day";
        if (panel() && shown() !== found) panel().dataset.shown = found;
        buttons().forEach(function (button) {
            const pressed = String(button.dataset.turn === found);
            if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
        });
    }

    document.addEventListener("click", function ({ target }) {
        const button = target instanceof Element && target.closest(".nav-button");
        if (button) show(button.dataset.turn);
    });
    document.addEventListener("hedge-beat", () => show(shown()));
    if (isKiosk) setInterval(() => show(shown() === "day" ? "week" : "day"), TURN_MS);
})();
