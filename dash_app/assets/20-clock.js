// The server's clock as seen from this tab. Ages are server time minus stamp: the clock of the wall monitor may be wrong.
window.hedge = {};
(function (hedge) {
    "use strict";

    const BEAT_MS = 1000;
    const SAMPLE_LIFE_MS = 60000;
    const page = document.documentElement.dataset;
    const fixedNow = page.fixedNow === undefined ? null : Number(page.fixedNow);
    let sample = { offsetMs: 0, rttMs: Infinity, at: 0 };
    let zone = { offsetS: 0, name: "UTC" };

    hedge.refreshMs = Number(page.refreshMs) || 1000;

    // Epoch seconds. The real time is what the connection sign counts in, even while the page shows a fixed time.
    hedge.realNow = () => (Date.now() + sample.offsetMs) / 1000;
    hedge.now = () => (fixedNow === null ? hedge.realNow() : fixedNow);

    // A moment's date, time of day and the name of the zone.
    hedge.serverZoned = function (moment) {
        const text = new Date(moment.getTime() + zone.offsetS * 1000).toISOString();
        return { date: text.slice(0, 10), time: text.slice(11, 19), name: zone.name };
    };

    hedge.zoned = hedge.serverZoned; // what is shown, which the address may change

    hedge.clockText = function (epoch) {
        const moment = new Date(epoch * 1000);
        if (Number.isNaN(moment.getTime())) return "n/a";
        const { time, name } = hedge.zoned(moment);
        return `${time} ${name}`;
    };

    hedge.tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

    hedge.write = function (id, text) {
        const element = document.getElementById(id);
        if (element && element.textContent !== text) element.textContent = text;
    };

    // The shortest round trip knows best; it is forgotten when it is old, or when the browser's clock was set.
    function learnTime(serverMs, sentAt, receivedAt) {
        const rttMs = receivedAt - sentAt;
        const offsetMs = serverMs - (sentAt + receivedAt) / 2;
        const expired = Math.abs(receivedAt - sample.at) > SAMPLE_LIFE_MS;
        const contradicted = Math.abs(offsetMs - sample.offsetMs) > (rttMs + sample.rttMs) / 2 + 250;
        if (rttMs <= sample.rttMs || expired || contradicted) sample = { offsetMs, rttMs, at: receivedAt };
    }

    function learnZone(header) {
        const [offsetS, name] = (header || "").split(" ");
        if (name) zone = { offsetS: Number(offsetS), name };
    }

    document.addEventListener("hedge-answer", function ({ detail }) {
        const serverMs = Number(detail.response.headers.get("X-Hedge-Now")) * 1000;
        if (serverMs > 0) learnTime(serverMs, detail.sentAt, detail.receivedAt);
        learnZone(detail.response.headers.get("X-Hedge-Zone"));
    });

    document.addEventListener("hedge-beat", function () {
        hedge.write("clock", hedge.clockText(hedge.now()));
        if (fixedNow !== null) hedge.write("fixed-clock", page.fixedWords);
    });

    const beat = () => hedge.tell("hedge-beat");
    setInterval(beat, BEAT_MS);
    document.addEventListener("hedge-answer", () => setTimeout(beat)); // the first answer need not wait for a second
    // A hidden tab's timers are throttled: be right at once when someone looks again.
    document.addEventListener("visibilitychange", () => document.hidden || beat());
})(window.hedge);
