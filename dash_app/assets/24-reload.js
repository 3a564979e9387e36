// After a deploy the tab's layout and scripts no longer fit the server: load the page again, once.
(function (hedge) {
    "use strict";

    const KEY = "hedge-reload";
    const RETRY_MS = 5000;
    const SAME_BUILD_PAUSE_MS = 600000; // a stale page from somewhere on the way must not make the tab reload for ever
    const OTHER_BUILD_PAUSE_MS = 60000; // nor two servers of different builds behind one address
    let reloading = false;

    // Only a page that can be had replaces the one on show: the browser's own error page would never come back.
    async function reloadWhenServed() {
        reloading = true;
        const answer = await fetch(window.location.href, { cache: "no-store" }).catch(() => null);
        if (answer && answer.ok) window.location.reload();
        else setTimeout(reloadWhenServed, RETRY_MS);
    }

    hedge.reload = function () {
        if (!reloading) reloadWhenServed();
    };

    function mayReload(build) {
        const last = JSON.parse(sessionStorage.getItem(KEY) || "{}");
        const pauseMs = last.build === build ? SAME_BUILD_PAUSE_MS : OTHER_BUILD_PAUSE_MS;
        return last.at === undefined || Date.now() - last.at > pauseMs;
    }

    document.addEventListener("hedge-answer", function ({ detail }) {
        const build = detail.response.headers.get("X-Hedge-Build");
        if (!build || build === document.documentElement.dataset.build || reloading || !mayReload(build)) return;
        sessionStorage.setItem(KEY, JSON.stringify({ build, at: Date.now() }));
        hedge.tell("hedge-reload", { kind: "deploy", text: "Page loaded again after a deploy" });
        reloadWhenServed();
    });

    // Without its layout Dash shows an error for ever.
    function rescue(request) {
        if (request.update || reloading) return;
        reloading = true;
        setTimeout(reloadWhenServed, RETRY_MS);
    }

    document.addEventListener("hedge-silence", ({ detail }) => rescue(detail));
    document.addEventListener("hedge-answer", ({ detail }) => detail.response.ok || rescue(detail));
})(window.hedge);
