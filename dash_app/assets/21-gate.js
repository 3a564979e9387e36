// One refresh at a time. Dash discards an answer that is older than its newest request, so a server slower than the
// interval would never be seen: the Interval stands while any update is on its way, and always runs again afterwards.
(function (hedge) {
    "use strict";

    const TICK = "tick";
    const POLL = "state.data";
    const TIMEOUT_MS = 15000;
    const plainFetch = window.fetch.bind(window);
    let inFlight = 0;
    let movedAt = Date.now();

    hedge.setProps = function (id, props) {
        try {
            window.dash_clientside.set_props(id, props);
        } catch {
            // The page is not laid out yet: its Interval starts enabled.
        }
    };

    const setTick = (props) => hedge.setProps(TICK, props);

    function count(change) {
        inFlight += change;
        movedAt = Date.now();
        if (inFlight === 0 || (inFlight === 1 && change === 1)) setTick({ disabled: inFlight > 0 });
        if (inFlight === 0) forgetTicks();
    }

    // Dash remembers every tick for an undo that this page does not have: at one a second, a tab would grow for weeks.
    function forgetTicks() {
        (window.dash_stores || []).forEach((store) => store.getState().history.past.splice(0));
    }

    async function fetchWithTimeout(resource, options) {
        const abort = new AbortController();
        const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
        try {
            const response = await plainFetch(resource, { ...options, signal: abort.signal });
            await response.clone().arrayBuffer(); // the body is part of what may not hang
            return response;
        } finally {
            clearTimeout(timer);
        }
    }

    async function watch(request, resource, options) {
        const sentAt = Date.now();
        try {
            const response = await fetchWithTimeout(resource, options);
            hedge.tell("hedge-answer", { ...request, response, sentAt, receivedAt: Date.now() });
            return request.update && !request.poll ? await hedge.withoutUnchanged(response) : response;
        } catch (error) {
            hedge.tell("hedge-silence", request);
            throw error;
        }
    }

    // What Dash asks for: "layout", "dependencies", or the outputs of a callback.
    function nameRequest(url, options) {
        const path = /\/_dash-(layout|dependencies|update-component)/.exec(url);
        if (!path || path[1] !== "update-component") return path && { name: path[1] };
        const output = /"output":"([^"]*)"/.exec((options && options.body) || "");
        const name = output ? output[1] : "";
        return { name, update: true, poll: name === POLL };
    }

    // Panels of one state appear together: what is answered first waits for the others, which have a time-out themselves.
    const drawings = new Set();

    async function together(drawing) {
        drawings.add(drawing);
        await Promise.allSettled(drawings);
        drawings.delete(drawing);
        return drawing;
    }

    window.fetch = async function (resource, options) {
        const request = nameRequest(String(resource.url || resource), options);
        if (!request) return plainFetch(resource, options);
        if (!request.update) return watch(request, resource, options);
        count(+1);
        try {
            const answer = watch(request, resource, options);
            return await (request.poll ? answer : together(answer));
        } finally {
            count(-1);
        }
    };

    // Should the Interval have been lost all the same (or slept in a hidden tab), ask now. The value only has to be new.
    document.addEventListener("hedge-beat", function () {
        const patienceMs = Math.max(3 * hedge.refreshMs, 5000);
        if (inFlight > 0 || Date.now() - movedAt < patienceMs) return;
        movedAt = Date.now();
        setTick({ disabled: false, n_intervals: Date.now() });
    });
})(window.hedge);
