// A panel that would be drawn as it stands is left alone: Dash goes through the whole page for each part it replaces.
(function (hedge) {
    "use strict";

    // What Dash has for a property now, not what was sent before: an answer that it never applied does not count.
    function shownValue({ paths, layout }, id, prop) {
        const path = paths.strs[id];
        return path && path.reduce((part, key) => part?.[key], layout)?.props?.[prop];
    }

    function leaveOut(answer, state) {
        Object.entries(answer.response).forEach(function ([id, props]) {
            Object.entries(props).forEach(function ([prop, value]) {
                if (JSON.stringify(shownValue(state, id, prop)) === JSON.stringify(value)) delete props[prop];
            });
            if (!Object.keys(props).length) delete answer.response[id];
        });
        return answer;
    }

    // The answer to a drawing without what is on the page already; any other as it is.
    hedge.withoutUnchanged = async function (response) {
        const [store] = window.dash_stores || [];
        if (!store || response.status !== 200) return response;
        const answer = await response.clone().json();
        if (!answer.multi) return response;
        const { status, headers } = response;
        return new Response(JSON.stringify(leaveOut(answer, store.getState())), { status, headers });
    };
})(window.hedge);
