// Tells that the page or its size has changed, once a frame: what has to be measured is measured then, before it is seen.
(function (hedge) {
    "use strict";

    const LATER_MS = [60, 120, 240]; // after another size tables and charts follow when they come to it
    let due = false;

    function tellDrawn() {
        due = false;
        if (!document.getElementById("page")) return;
        listen();
        hedge.tell("hedge-drawn");
        watcher.takeRecords(); // what those who measure have changed themselves is no news
    }

    function ask() {
        if (due) return;
        due = true;
        requestAnimationFrame(tellDrawn);
    }

    // A table derives its rows after it has drawn them.
    let heard;
    function listen() {
        const [store] = window.dash_stores || [];
        if (!store || store === heard) return;
        heard = store;
        store.subscribe(ask);
    }

    const watcher = new MutationObserver(ask);
    watcher.observe(document.body, { subtree: true, childList: true, characterData: true });
    window.addEventListener("resize", function () {
        hedge.tell("hedge-resized");
        ask();
        LATER_MS.forEach((pause) => setTimeout(ask, pause));
    });
    document.addEventListener("toggle", ask, true); // what was folded has had no size
    document.fonts?.ready.then(ask);
    hedge.measureAgain = ask;

    // What Dash has for a component now, with what a table has derived of it.
    hedge.propsOf = function (id) {
        const [store] = window.dash_stores || [];
        if (!store) return undefined;
        const { paths, layout } = store.getState();
        return paths.strs?.[id]?.reduce((part, key) => part?.[key], layout)?.props;
    };

    hedge.TABLES = ["positions-table", "symbols-table", "fleet-table"];
    hedge.eachTable = function (visit) {
        hedge.TABLES.forEach(function (id) {
            const box = document.getElementById(id)?.closest(".table-box");
            const props = hedge.propsOf(id);
            if (box && props?.data) visit({ id, box, card: box.closest(".card"), props });
        });
    };
    hedge.listOf = (box, name) => (box.dataset[name] || "").split(" ").filter(Boolean);
})(window.hedge);
