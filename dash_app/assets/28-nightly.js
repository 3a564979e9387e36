// A reload at a set hour (HEDGE_RELOAD_AT, in the zone of the settings): a fresh start for a tab that stays open for weeks.
(function (hedge) {
    "use strict";

    const at = document.documentElement.dataset.reloadAt;
    if (!at) return;
    let before = null;

    // Days and minutes as text sort by time. A tab that slept over the hour reloads when it wakes.
    document.addEventListener("hedge-beat", function () {
        const { date, time } = hedge.serverZoned(new Date(hedge.realNow() * 1000));
        const hour = `${date} ${at}:00`;
        const now = `${date} ${time}`;
        const due = before !== null && before < hour && now >= hour;
        before = now;
        if (due) hedge.reload();
    });
})(window.hedge);
