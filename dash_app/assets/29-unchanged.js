// A panel that would be drawn as it stands is left alone: Dash goes through the whole page for each part it replaces.
(function (hedge) {
    "use strict";

    // What Dash has for a component now, not what was sent before: an answer that it never applied does not count.
    function shownProps({ paths, layout }, id) {
        const path = paths.strs[id];
        return (path && path.reduce((part, key) => part?.[key], layout)?.props) || {};
    }

    function leaveOut(answer, state) {
        Object.entries(answer.response).forEach(function ([id, props]) {
            Object.entries(props).forEach(function ([prop, value]) {
                if (JSON.stringify(shownProps(state, id)[prop]) === JSON.stringify(value)) delete props[prop];
            });
            if (!Object.keys(props).length) delete answer.response[id];
        });
        return answer;
    }

    // The answer to a drawing with its times in the zone of the page, and without what is on the page already.
    hedge.withoutUnchanged = async function (response) {
        const [store] = window.dash_stores || [];
        if (!store || response.status !== 200) return response;
        const answer = JSON.parse(hedge.zonedText(await response.clone().text()));
        if (!answer.multi) return response;
        const { status, headers } = response;
        return new Response(JSON.stringify(leaveOut(answer, store.getState())), { status, headers });
    };
})(window.hedge);
