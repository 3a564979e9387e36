// The worst state in the title and the icon of the tab, for a tab in the background.
(function () {
    "use strict";

    const SIGNS = {
        fail: { mark: "✗", shape: '<rect x="2" y="2" width="28" height="28" rx="4" fill="#c8371d"/><path d="M9 9 23 23M23 9 9 23" stroke="#fff" stroke-width="4"/>' },
        warn: { mark: "▲", shape: '<path d="M16 3 30 29H2Z" fill="#f2b134"/>' },
        calm: { mark: "", shape: '<circle cx="16" cy="16" r="13" fill="#46c8b5"/>' },
    };
    const LONGEST = 60;
    const PAGE_TITLE = document.title; // what the page is called; while all is quiet it says just that

    function worst() {
        if (document.documentElement.classList.contains("connection-lost")) {
            const sign = document.getElementById("connection");
            return { severity: "fail", words: sign ? sign.textContent.split(" since ")[0] : "" };
        }
        const title = document.querySelector("#alert-line .alert-title");
        return title && { severity: title.dataset.severity, words: title.dataset.worst };
    }

    function icon(shape) {
        const href = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${shape}</svg>`)}`;
        const link = document.querySelector('link[rel~="icon"]') || document.head.appendChild(document.createElement("link"));
        if (link.href === href) return;
        link.rel = "icon";
        link.type = "image/svg+xml";
        link.href = href;
    }

    document.addEventListener("hedge-beat", function () {
        const { severity, words } = worst() || {};
        const sign = SIGNS[severity];
        if (!sign) return;
        const desk = document.querySelector(".desk-name")?.textContent;
        const name = desk ? `${desk} · ${PAGE_TITLE}` : PAGE_TITLE;
        const title = severity === "calm" ? name : `${sign.mark} ${words.slice(0, LONGEST)} · ${name}`;
        if (document.title !== title) document.title = title;
        icon(sign.shape);
    });
})();
