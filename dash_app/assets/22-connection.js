// The sign of life in the header. Old numbers without a sign are worse than none.
(function (hedge) {
    "use strict";

    const LOST_AFTER_FAILURES = 3;
    const silenceS = Math.max((3 * hedge.refreshMs) / 1000, 5);
    const failures = new Map(); // request name -> failures since its last good answer
    let contactAt = Date.now() / 1000; // browser time: what counts is how long ago, not what the server's clock says
    let drawnAt = contactAt;

    function note(request, good) {
        failures.set(request.name, good ? 0 : (failures.get(request.name) || 0) + 1);
        if (good && request.poll) contactAt = Date.now() / 1000;
        if (good && request.update && Math.max(...failures.values()) === 0) drawnAt = Date.now() / 1000;
        show();
    }

    function failing(poll) {
        return [...failures].some(([name, count]) => (name === "state.data") === poll && count >= LOST_AFTER_FAILURES);
    }

    function sign(words, at, last) {
        const agoS = Date.now() / 1000 - at;
        return `${words} since ${hedge.clockText(hedge.realNow() - agoS)} · ${last} ${hedge.ageText(agoS)} ago`;
    }

    function words() {
        const silent = Date.now() / 1000 - contactAt > silenceS;
        if (silent || failing(true)) return sign("CONNECTION LOST", contactAt, "last contact");
        if (failing(false)) return sign("PAGE NOT UPDATING", drawnAt, "last drawn");
        return "connected";
    }

    let lost = false;

    function show() {
        const text = words();
        hedge.write("connection", text);
        if (lost !== (text !== "connected")) tellChange(!lost, text.split(" since ")[0]);
        document.documentElement.classList.toggle("connection-lost", text !== "connected");
    }

    function tellChange(now, title) {
        lost = now;
        const at = hedge.realNow() - (Date.now() / 1000 - (title === "CONNECTION LOST" ? contactAt : drawnAt));
        hedge.tell("hedge-connection", { lost, at, words: title[0] + title.slice(1).toLowerCase() });
    }

    document.addEventListener("hedge-answer", ({ detail }) => note(detail, detail.response.ok));
    document.addEventListener("hedge-silence", ({ detail }) => note(detail, false));
    document.addEventListener("hedge-beat", show);
})(window.hedge);
