// A token that is gone is said as what it is, with the way back in; a browser that has one can sign out. The poll goes on:
// signing in anywhere else in this browser is enough. Read before 22-connection.js, which shows the words.
(function (hedge) {
    "use strict";

    hedge.signedOut = false;

    function prefix() {
        const config = document.getElementById("_dash-config");
        return config ? JSON.parse(config.textContent).requests_pathname_prefix : "/";
    }

    // One link of the body, there or not.
    function offer(id, words, path, offered) {
        const link = document.getElementById(id);
        if (!offered && link) link.remove();
        if (!offered || link) return;
        const made = document.body.appendChild(document.createElement("a"));
        Object.assign(made, { id, textContent: words, href: prefix() + path });
    }

    function show(hasToken) {
        const view = window.location.search.slice(1);
        const path = `login${view ? `?view=${encodeURIComponent(view)}` : ""}`;
        offer("sign-in", "sign in", path, hedge.signedOut);
        offer("sign-out", "sign out", path, hasToken && !hedge.signedOut);
    }

    document.addEventListener("hedge-answer", function ({ detail }) {
        hedge.signedOut = detail.response.status === 401;
        show(detail.response.headers.get("X-Hedge-Session") === "token");
    });

    // Who does not answer may have forgotten nobody.
    document.addEventListener("hedge-silence", function () {
        hedge.signedOut = false;
        show(false);
    });
})(window.hedge);
