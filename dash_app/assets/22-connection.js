// The sign of life in the header. Old numbers without a sign are worse than none.
(function (hedge) {
    "use strict";

    const LOST_AFTER_FAILURES = 2; // one may be a worker that was just replaced
    const waitS = Math.max((2 * hedge.refreshMs) / 1000, 1);
    const silenceS = Math.max((3 * hedge.refreshMs) / 1000, 5); // a slow server is not a lost one
    const failures = new Map(); // request name -> failures since its last good answer
    let contactAt = Date.now() / 1000; // browser time: what counts is how long ago, not what the server's clock says
    let drawnAt = contactAt;
    let waitTimer = 0;

    function note(request, good) {
        failures.set(request.name, good ? 0 : (failures.get(request.name) || 0) + 1);
        if (good && request.update) contactAt = Date.now() / 1000;
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
        if (hedge.signedOut) return sign("SIGNED OUT", contactAt, "last contact");
        const silent = Date.now() / 1000 - contactAt > silenceS;
        if (silent || failing(true)) return sign("CONNECTION LOST", contactAt, "last contact");
        if (failing(false)) return sign("PAGE NOT UPDATING", drawnAt, "last drawn");
        return "";
    }

    // Between two answers and a lost connection: said at once, though nothing is wrong yet with what is on show.
    function waitingWords() {
        const agoS = Date.now() / 1000 - contactAt;
        return agoS > waitS ? `NO ANSWER for ${hedge.ageText(agoS)}` : "";
    }

    let lost = false;

    function show() {
        const [gone, waiting] = [words(), waitingWords()];
        hedge.write("connection", gone || waiting || "connected");
        if (lost !== Boolean(gone)) tellChange(!lost, gone.split(" since ")[0]);
        document.documentElement.classList.toggle("connection-lost", Boolean(gone));
        document.documentElement.classList.toggle("connection-waiting", !gone && Boolean(waiting));
        clearTimeout(waitTimer);
        if (!gone && !waiting) waitTimer = setTimeout(show, 1000 * (contactAt + waitS) - Date.now() + 10);
    }

    function tellChange(now, title) {
        lost = now;
        const at = hedge.realNow() - (Date.now() / 1000 - (title === "PAGE NOT UPDATING" ? drawnAt : contactAt));
        hedge.tell("hedge-connection", { lost, at, words: title[0] + title.slice(1).toLowerCase() });
    }

    document.addEventListener("hedge-answer", ({ detail }) => note(detail, detail.response.ok));
    document.addEventListener("hedge-silence", ({ detail }) => note(detail, false));
    document.addEventListener("hedge-beat", show);
})(window.hedge);
