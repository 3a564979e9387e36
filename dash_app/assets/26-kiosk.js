// `?kiosk=1`: a wall that nobody touches. `?theme=light`: the same page on a light ground.
(function (hedge) {
    "use strict";

    const PAGE_MS = 10000;
    const SHIFT_MS = 180000;
    const SHIFTS = [[0, 0], [3, 0], [3, 3], [0, 3], [-3, 3], [-3, 0], [-3, -3], [0, -3], [3, -3]];
    const root = document.documentElement;
    const asked = new URLSearchParams(window.location.search);

    if (asked.get("theme") === "light") root.dataset.bsTheme = "light";
    if (asked.get("kiosk") !== "1") return;
    root.dataset.kiosk = "1";

    // The screen stays awake where the browser allows it; a hidden page loses the lock.
    async function stayAwake() {
        if (document.hidden || !navigator.wakeLock) return;
        try {
            await navigator.wakeLock.request("screen");
        } catch {
            // Not allowed here, such as over plain HTTP: the system's own settings decide.
        }
    }

    // Against burn-in: nothing stands on the same pixels for ever.
    let shifted = 0;
    function shift() {
        shifted = (shifted + 1) % SHIFTS.length;
        const [right, down] = SHIFTS[shifted];
        root.style.setProperty("--shift", `${right}px ${down}px`);
    }

    stayAwake();
    document.addEventListener("visibilitychange", stayAwake);
    setInterval(shift, SHIFT_MS);
    setInterval(() => hedge.turnPages(), PAGE_MS);
})(window.hedge);
