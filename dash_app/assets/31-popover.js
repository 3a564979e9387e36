// The one popover: what is unknown, old or shortened says more to a pointer, a touch or the focus. Escape closes it.
(function (hedge) {
    "use strict";

    const MORE = "[data-tell], [data-reason], [data-unknown], [data-stale]";
    const MARGIN_PX = 8;
    let owner = null;

    const wordsOf = ({ dataset }) => dataset.tell || dataset.reason || dataset.unknown || dataset.stale || "";

    const box = document.body.appendChild(document.createElement("div"));
    Object.assign(box, { id: "popover", hidden: true });
    box.setAttribute("role", "tooltip");

    function close() {
        if (owner) owner.removeAttribute("aria-describedby");
        owner = null;
        box.hidden = true;
    }

    // Below its owner, or above it where there is no room; never beyond the edge of the screen.
    function place() {
        const { left, top, bottom } = owner.getBoundingClientRect();
        const fits = bottom + box.offsetHeight + MARGIN_PX <= window.innerHeight;
        const across = Math.min(left, window.innerWidth - box.offsetWidth - MARGIN_PX);
        box.style.left = `${Math.max(across, MARGIN_PX)}px`;
        box.style.top = `${Math.max(fits ? bottom : top - box.offsetHeight, MARGIN_PX)}px`;
    }

    function open(element) {
        if (owner === element) return;
        close();
        if (!wordsOf(element)) return;
        owner = element;
        box.textContent = wordsOf(element);
        box.hidden = false;
        owner.setAttribute("aria-describedby", box.id);
        place();
    }

    const find = ({ target }) => (target instanceof Element ? target.closest(MORE) : null);

    // The pointer may go onto the popover itself, to read or to copy.
    function follow(event) {
        if (box.contains(event.target)) return;
        const element = find(event);
        if (element) open(element);
        else if (!owner?.contains(document.activeElement)) close();
    }

    // A cell is a stop for Tab only where there is something to read.
    function letReach() {
        document.querySelectorAll(".table-box td").forEach(function (cell) {
            const stop = cell.dataset.reason ? 0 : -1;
            if (cell.tabIndex !== stop) cell.tabIndex = stop;
        });
    }

    document.addEventListener("pointerover", follow);
    document.addEventListener("focusin", (event) => (find(event) ? open(find(event)) : close()));
    document.addEventListener("focusout", close);
    document.addEventListener("scroll", close, true);
    window.addEventListener("resize", close);
    document.addEventListener("keydown", ({ key }) => key === "Escape" && close(), true);
    document.addEventListener("hedge-drawn", letReach);
    document.addEventListener("hedge-beat", function () {
        if (owner && (!owner.isConnected || box.textContent !== wordsOf(owner))) close();
    });
})(window.hedge);
