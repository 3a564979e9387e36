// Times of day: in the zone of the server's settings, or of `?tz=Africa/Johannesburg`.
(function (hedge) {
    "use strict";

    const asked = new URLSearchParams(window.location.search).get("tz");
    const page = document.documentElement.dataset;
    const PARTS = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };

    function formatter(timeZone) {
        try {
            return new Intl.DateTimeFormat("en-GB", { ...PARTS, timeZone, hourCycle: "h23", timeZoneName: "short" });
        } catch {
            return null;
        }
    }

    const chosen = asked ? formatter(asked) : null;

    if (chosen) {
        hedge.zoned = function (moment) {
            const parts = Object.fromEntries(chosen.formatToParts(moment).map(({ type, value }) => [type, value]));
            const { year, month, day, hour, minute, second, timeZoneName } = parts;
            return { date: `${year}-${month}-${day}`, time: `${hour}:${minute}:${second}`, name: timeZoneName };
        };
    }

    function momentText(epoch) {
        const day = (seconds) => hedge.zoned(new Date(seconds * 1000)).date;
        const text = hedge.clockText(epoch);
        return day(epoch) === day(hedge.now()) ? text : `${day(epoch)} ${text}`;
    }

    // The server's sentences have their times in UTC, with the date where it is not today's.
    const SAID = /(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d:\d\d) UTC/g;
    const AHEAD_S = 300;

    function epochOf(date, time) {
        const now = hedge.now();
        const today = new Date(now * 1000).toISOString().slice(0, 10);
        const at = Date.parse(`${date || today}T${time}Z`) / 1000;
        return !date && at > now + AHEAD_S ? at - 86400 : at;
    }

    hedge.zonedText = (text) =>
        text.replace(SAID, function (said, date, time) {
            const at = epochOf(date, time);
            return Number.isNaN(at) ? said : momentText(at);
        });

    document.addEventListener("hedge-beat", function () {
        document.querySelectorAll(".moment[data-at]").forEach(function (element) {
            const text = momentText(Number(element.dataset.at));
            if (element.textContent !== text) element.textContent = text;
        });
        if (asked && !chosen) hedge.write("zone-note", `no time zone called ${asked.slice(0, 40)}`);
        if (chosen && page.fixedNow !== undefined) page.fixedWords = `clock fixed at ${fixedText()}`;
    });

    function fixedText() {
        const moment = new Date(Number(page.fixedNow) * 1000);
        return `${hedge.zoned(moment).date} ${hedge.clockText(Number(page.fixedNow))}`;
    }
})(window.hedge);
