"""Header, alert line, risk figures, overview and footer."""

from typing import Any

import pytest
from sample_state import (
    EMPTY,
    NOW,
    check,
    components,
    fields,
    find,
    frozen_sample,
    rich_sample,
    sample,
    surface,
    text_of,
)

from dash_app.render import alerts, footer, header, kpis, overview
from state.trust.severity import KINDS, mode_kind, stops_kind


def test_header_says_the_nav_its_source_and_its_age() -> None:
    rendered = header.render_nav(sample())[:2]
    assert [text_of(part) for part in rendered] == ["NAV: 10461.27 USD", "Source: nav_state.json • Age: 5.0s"]


def test_header_without_a_nav_says_so() -> None:
    assert [text_of(part) for part in header.render_nav(EMPTY)] == ["NAV: n/a", "Source: none • Age: n/a"]


def test_header_age_ticks_from_its_stamp() -> None:
    age = fields(header.render_nav(sample()))["nav.age_s"]
    assert (age["className"], age["data-stamp"], age["data-age-format"]) == ("age", str(NOW - 5), "seconds")


def test_frozen_nav_says_when_it_was_confirmed_and_is_dimmed() -> None:
    figure, source, _ = header.render_nav(frozen_sample())
    assert text_of(source) == "■ frozen, confirmed 10 m 12 s ago · Source: nav_state.json • Age: 5.0s"
    assert find(figure, "frozen") == ["NAV: 10461.27 USD"]


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"environment": "paper", "testnet": False}, ["PAPER"]),
        ({"environment": "dev", "testnet": True}, ["TESTNET", "DEV"]),
        ({"environment": "testnet", "testnet": True}, ["TESTNET"]),
        ({"environment": None, "testnet": None}, ["ENV ?"]),
        ({}, ["ENV ?"]),
    ],
)
def test_environment_badges(meta: dict[str, Any], words: list[str]) -> None:
    assert [text_of(badge) for badge in header.render_status({"meta": meta})] == words


def test_unknown_environment_gives_its_reason() -> None:
    state = {"meta": {"environment": None, "unknown": {"meta.environment": "ENV is not set"}}}
    assert fields(header.render_status(state))["meta.environment"]["data-unknown"] == "ENV is not set"


def test_calm_line_counts_what_is_well() -> None:
    line = alerts.render_alerts(sample())
    assert text_of(line) == "● All quiet · 2 of 2 files fresh · 2 of 2 checks agree · ATR panic: BTCUSDT"
    assert find(line, "alert-further") == ["ATR panic: BTCUSDT"]


def test_alarm_is_told_with_its_duration() -> None:
    state = sample()
    worst = {"severity": "fail", "title": "EXCHANGE UNREACHABLE", "text": "positions unknown", "since": NOW - 612}
    state["meta"]["alerts"].insert(0, worst)
    line = alerts.render_alerts(state)
    assert find(line, "alert-title") == ["■ EXCHANGE UNREACHABLE for 10 m 12 s"]
    assert find(line, "alert-text") == ["positions unknown"]
    assert "All quiet" not in text_of(line)


def test_every_alarm_is_named_worst_first() -> None:
    """With its effect; a long one and the words of whoever read the file are within reach."""
    state = sample()
    state["meta"]["alerts"] = [
        {"severity": "info", "title": "a note", "text": ""},
        *({"severity": "warn", "title": f"alert {number}", "text": "effect"} for number in range(9)),
        {"severity": "fail", "title": "torn", "text": "w" * 99, "detail": "line 1 column 9"},
        {"severity": "fail", "title": "HALTED", "text": "x " * 99},
    ]
    line = alerts.render_alerts(state)
    assert find(line, "alert-title") == ["■ torn"]
    effects = (f"▲ alert {number}: effect" for number in range(9))
    assert find(line, "alert-further") == [f"■ HALTED: {'x ' * 42}…", *effects, "a note"]
    assert [item["props"]["data-tell"] for item in components(line) if "data-tell" in item["props"]] == [
        "line 1 column 9",
        "x " * 99,
    ]


def test_alarms_of_one_title_are_one_with_the_name_of_each() -> None:
    """What else they say is within reach; a hundred of them fill no wall."""
    state = sample()
    found = [f"{name}: deviates by more than six sigma (said at 22:44:48 UTC)" for name in ("spread", "funding")]
    crowd = [{"severity": "fail", "title": "torn", "text": f"file {number}"} for number in range(100)]
    odd = [
        {"severity": "warn", "title": "Anomaly", "text": words} for words in (*found, "ghost (old)", "spread: again")
    ]
    state["meta"]["alerts"] = [*odd, *crowd]
    line = alerts.render_alerts(state)
    assert find(line, "alert-title") == ["■ 100 × torn"]
    assert find(line, "alert-text") == [", ".join([*(f"file {number}" for number in range(12)), "+88 more"])]
    assert find(line, "alert-further") == ["▲ 4 anomalies: spread, funding, ghost"]
    (told,) = [
        item["props"]["data-tell"]
        for item in components(line)
        if "Anomaly" not in str(item) and "six" in str(item["props"].get("data-tell"))
    ]
    assert told == ". ".join([*found, "ghost (old)", "spread: again"])


def test_a_state_without_surfaces_is_not_called_quiet() -> None:
    assert text_of(alerts.render_alerts(EMPTY)) == "▲ No state loaded"


@pytest.mark.parametrize(
    ("title", "figure", "caption"),
    [
        ("Drawdown State", "▲ cautious", ["0.37 % below peak now", "peak 10,500.00"]),
        ("ATR Regime", "● normal", ["ratio 1.00, median of 1", "▲ 1 of 2 panic: BTCUSDT"]),
        ("Fee / PnL (7d)", "▲ 1.81", ["fees 71.54 USD", "against a gain of +39.60 USD"]),
        ("Router Quality", "▲ poor", ["1 of 8 degraded: WIFUSDT", "7 ok"]),
    ],
)
def test_risk_figures(title: str, figure: str, caption: list[str]) -> None:
    cards = {text_of(card.children[0]): card for card in kpis.render_kpis(sample())}
    assert (find(cards[title], "big"), find(cards[title], "caption")) == ([figure], caption)


@pytest.mark.parametrize(
    ("ratio", "pnl", "big", "against"),
    [
        (1.05, -68.0, "▲ 1.05 loss", "against a loss of -68.00 USD"),
        (0.12, -512.66, "0.12 loss", "against a loss of -512.66 USD"),
        (0.38, 188.2, "0.38", "against a gain of +188.20 USD"),
        (1.0, 71.54, "1.00", "against a gain of +71.54 USD"),
        (None, 0.001, "n/a", "against a PnL of 0.00 USD"),
    ],
)
def test_fees_say_what_they_stand_against(ratio: float | None, pnl: float, big: str, against: str) -> None:
    """A ratio has no sign, and one above 1 is amber."""
    state = sample()
    state["kpis"]["risk"] |= {"fee_pnl_ratio": ratio, "realized_pnl_usd": pnl}
    card = kpis.render_kpis(state)[2]
    assert (find(card, "big"), find(card, "caption")[1]) == ([big], against)
    assert bool(find(card, "warn")) == big.startswith("▲")


EXECUTORS: list[tuple[dict[str, Any], list[bool | None], str, list[str]]] = [
    (
        {"mode": "ok", "circuit_breaker": False},
        [True],
        "● ok",
        ["breaker not tripped", "stops on 1 of 1"],
    ),
    (
        {"mode": "HALTED", "circuit_breaker": True, "circuit_breaker_limit_pct": 4.0},
        [True, False],
        "■ HALTED",
        ["■ breaker tripped (limit 4.00 %)", "stops on 1 of 2 · ■ 1 without"],
    ),
    ({"mode": "ok"}, [False], "● ok", ["breaker unknown", "stops on 0 of 1 · ▲ 1 without"]),
    ({"mode": "defensive"}, [None], "▲ defensive", ["breaker unknown", "stops unknown"]),
    (
        {"positions_registered": 3, "exits_registered": 2},
        [],
        "unknown",
        ["breaker unknown", "stops on 2 of 3 · ▲ 1 without"],
    ),
]


@pytest.mark.parametrize(("risk", "stops", "word", "lines"), EXECUTORS)
def test_the_executor_has_a_card_of_its_own(
    risk: dict[str, Any], stops: list[bool | None], word: str, lines: list[str]
) -> None:
    """A missing stop is amber by itself, and red beside a halt."""
    state = sample()
    state["kpis"]["risk"] |= {"dd_state": "normal", **risk}
    state["positions"] = [{"symbol": f"S{number}", "has_stop": has} for number, has in enumerate(stops)]
    kinds = [mode_kind(risk.get("mode"), slip=False), risk.get("circuit_breaker") and "breaker"]
    if "1 without" in lines[-1]:
        kinds.append(stops_kind(risk.get("mode"), "normal"))
    state["meta"]["alerts"] = [{"kind": kind, "severity": KINDS[kind]} for kind in kinds if kind]
    card = kpis.render_kpis(state)[4]
    assert (find(card, "big"), find(card, "caption")) == ([word], lines)


@pytest.mark.parametrize("word", ["degraded", "a word of a newer writer"])
def test_a_word_that_is_not_known_to_be_fine_has_no_mark_of_what_is_fine(word: str) -> None:
    """Nor one of trouble, while no alert speaks of it."""
    state = sample()
    state["router"]["quality"] = word
    assert find(kpis.render_kpis(state)[3], "big") == [word]


def test_an_executor_that_says_nothing_has_no_card() -> None:
    """The owner's four fill the row."""
    assert len(kpis.render_kpis(sample())) == 4


def test_vetoes_and_order_errors_are_within_reach() -> None:
    """As counts, with the reasons behind them."""
    card = kpis.render_kpis(rich_sample())[4]
    assert "12 vetoes · ▲ order error: ETHUSDT" in text_of(card)
    told = [item["props"]["data-tell"] for item in components(card) if "data-tell" in item["props"]]
    assert {"min_notional 12", "no margin", "BTCUSDT"} <= set(told)


def test_gains_stand_in_a_card_where_the_files_carry_them() -> None:
    """Realized of today and of the window, what is open, and what the NAV did."""
    card = overview.render_overview(rich_sample())[1]
    assert text_of(card.children[0]) == "PnL today / 7 d"
    assert find(card, "figure") == ["+42.15 / -188.20"]
    assert find(card, "caption") == ["open -50.29 USD", "NAV 24 h +1.02 % · 7 d n/a"]
    assert len(overview.render_overview(sample())) == 3


def test_a_router_without_orders_has_no_classes_to_count() -> None:
    """Every symbol that never traded is called ok by the writers."""
    state = sample()
    state["router"] |= {"quality": "ok", "orders": 0}
    state["meta"]["unknown"]["router.quality"] = "no orders"
    card = kpis.render_kpis(state)[3]
    assert (find(card, "big"), find(card, "caption"), find(card, "sign")) == (["ok"], ["no orders"], [])


def test_a_frozen_nav_dims_what_is_made_of_it() -> None:
    """The drawdown and the checks too."""
    state = frozen_sample()
    cards = [kpis.render_kpis(state)[0], *overview.render_overview(state)[:2]]
    assert [find(card, "frozen-age") for card in cards] == [["NAV frozen · 10 m 12 s"]] * 3
    assert text_of(footer.render_checks(state)[0]) == "2 checks agree on an old NAV ✓"
    assert find(footer.render_checks(state), "ok") == []
    old = sample()
    old["meta"]["stale"] = {"nav.nav_usd": "nav.json is 3 h old"}
    assert find(kpis.render_kpis(old)[0], "frozen-age") == ["old NAV"]


def test_a_private_page_says_so() -> None:
    """Beside the environment."""
    state = sample()
    state["meta"]["private"] = True
    assert [text_of(badge) for badge in header.render_status(state)] == ["PRIVATE", "PAPER"]


def test_what_changed_is_told_in_the_words_of_the_state() -> None:
    """A line a row, in its order: what flaps is one row of the state already."""
    state = sample()
    texts = ["Router quality WIFUSDT good ⇄ ok, 5 times since 22:10:00 UTC", "Drawdown state defensive"]
    state["transitions"] = [{"at": NOW - 60.0 * age, "text": text} for age, text in enumerate(texts)]
    assert [find([line], "change-text") for line in alerts.render_changes(state)] == [[text] for text in texts]


def test_risk_figures_have_their_defaults_in_the_muted_style() -> None:
    cards = kpis.render_kpis(EMPTY)
    assert [text_of(card.children[0]) for card in cards] == [
        "Drawdown State",
        "ATR Regime",
        "Fee / PnL",
        "Router Quality",
    ]
    assert [find(card, "big")[0] for card in cards] == ["normal", "unknown", "n/a", "unknown"]
    assert all(find(card, "unknown") for card in cards)


def test_a_default_word_keeps_its_reason() -> None:
    state = sample()
    state["kpis"]["risk"]["dd_state"] = "normal"
    state["meta"]["unknown"]["kpis.risk.dd_state"] = "no drawdown state in the files"
    word = fields(kpis.render_kpis(state))["kpis.risk.dd_state"]
    assert (word["text"], word["data-unknown"]) == ("normal", "no drawdown state in the files")


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"good": 1, "ok": 7, "degraded": 0, "broken": 0}, ["1 good · 7 ok"]),
        ({"ok": 8}, ["8 of 8 ok"]),
        ({"ok": 5, "degraded": 2, "broken": 1}, ["▲ 1 of 8 broken: WIFUSDT", "5 ok · 2 degraded"]),
        ({}, ["n/a"]),
    ],
)
def test_router_classes_are_worst_of(counts: dict[str, int], words: list[str]) -> None:
    state = sample()
    state["router"]["quality_counts"] = counts
    assert find(kpis.render_kpis(state)[3], "caption") == words


def test_symbols_in_drawdown_are_counted_and_named() -> None:
    state = sample()
    state["kpis"]["symbols"]["SUIUSDT"]["dd_state"] = "defensive"
    assert find(kpis.render_kpis(state)[0], "caption")[2:] == ["▲ 1 of 2 defensive: SUIUSDT"]


def test_many_bad_symbols_are_named_up_to_two() -> None:
    state = sample()
    state["router"]["worst"] = ["A", "B", "C", "D"]
    assert "1 of 8 degraded: A, B +2" in text_of(kpis.render_kpis(state))


@pytest.mark.parametrize(
    ("maker", "fallback", "words"),
    [
        (0.157, 0.3805, "maker 0.16 / fallback 0.38"),
        (0.0, 0.0, "maker 0.00 / fallback 0.00"),
        (None, 1.0, "fallback 1.00"),
        (0.84, None, "maker 0.84"),
        (None, None, "n/a"),
    ],
)
def test_router_ratios(maker: float | None, fallback: float | None, words: str) -> None:
    state = sample()
    state["router"] |= {"maker_fill_rate": maker, "fallback_ratio": fallback}
    assert find(overview.render_overview(state)[2], "figure") == [words]


def test_router_without_orders_says_so() -> None:
    state = sample()
    state["router"] = {}
    state["meta"]["unknown"]["router.maker_fill_rate"] = "no orders in the router window"
    card = overview.render_overview(state)[2]
    assert (find(card, "figure"), find(card, "caption")[0]) == (["no orders"], "no orders in the router window")


@pytest.mark.parametrize(
    ("basis", "orders", "words"),
    [
        ("orders", 129, "of 129 orders, over orders"),
        ("orders", None, "over orders"),
        ("symbols", None, "mean over symbols: 1 of 2 have one"),
        (None, None, ""),
    ],
)
def test_router_basis(basis: str | None, orders: int | None, words: str) -> None:
    state = sample()
    state["router"] |= {"basis": basis, "orders": orders}
    assert find(overview.render_overview(state)[2], "caption")[0] == words


def test_overview_of_money() -> None:
    lines = find(overview.render_overview(sample())[0], "caption")
    assert lines == [
        "180,335.56 ZAR at 17.2384 · 5 s old",
        "AUM ≥ 11,438.77 USD · 197,186.10 ZAR",
        "PnL open -50.29 · today +8.75",
    ]


def test_zar_without_a_rate_is_not_zero() -> None:
    state = sample()
    state["nav"] |= {"nav_zar": 0.0, "fx_usd_zar": None}
    state["meta"]["unknown"]["nav.nav_zar"] = "no USD/ZAR rate in logs/state"
    zar = fields(overview.render_overview(state))["nav.nav_zar"]
    assert (zar["text"], zar["data-unknown"]) == ("n/a", "no USD/ZAR rate in logs/state")


def test_footer_shows_files_that_are_there_or_have_to_be() -> None:
    assert [text_of(chip) for chip in footer.render_surfaces(sample())] == ["nav_state 5 s", "nav 5 s"]


@pytest.mark.parametrize(
    ("facts", "words", "kind"),
    [
        ({"freshness": "stale"}, "nav 5 s", "stale"),
        ({"status": "missing", "age_s": None, "updated_at": None}, "nav  missing", "broken"),
        ({"status": "malformed", "error": "torn; last good content"}, "nav 5 s malformed", "broken"),
        ({"freshness": "unknown", "age_s": None, "error": "stamp in the future"}, "nav n/a", "unknown"),
    ],
)
def test_surface_chips(facts: dict[str, Any], words: str, kind: str) -> None:
    (chip,) = footer.render_surfaces({"meta": {"surfaces": [surface("nav.json", **facts)]}})
    assert (text_of(chip), find(chip, kind)[0]) == (words, words)


def test_only_a_sound_file_moves_on_to_late_by_itself() -> None:
    sound, torn = footer.render_surfaces(
        {"meta": {"surfaces": [surface("a.json"), surface("b.json", status="malformed")]}}
    )
    (limited,) = [item["props"] for item in components(sound) if "data-late-after" in item["props"]]
    assert (limited["data-late-after"], limited["data-stale-after"]) == ("50.0", "100.0")
    assert [item for item in components(torn) if "data-late-after" in item["props"]] == []


def test_files_that_are_as_badly_off_have_a_chip_together() -> None:
    """Where a wall is too low for each; with the age of the oldest, and not for two."""
    stale = [
        surface(f"{name}.json", freshness="stale", severity="fail", age_s=age)
        for name, age in zip("abc", (9, 300, 8), strict=True)
    ]
    late = [surface(f"{name}.json", freshness="late", severity="warn") for name in "de"]
    chips = footer.render_surfaces({"meta": {"surfaces": [*stale, surface("f.json"), *late]}})
    assert find(chips, "joint") == ["3 files up to 5 m 00 s"]
    assert find(chips, "joined") == ["a 9 s", "b 5 m 00 s", "c 8 s"]
    assert len(chips) == 7


@pytest.mark.parametrize(
    ("status", "words"),
    [("ok", "1 check agrees ✓"), ("warn", "NAV !"), ("fail", "NAV ✗"), ("not_comparable", "1 not comparable –")],
)
def test_check_chips(status: str, words: str) -> None:
    (chip,) = footer.render_checks({"meta": {"checks": [check("NAV", status)]}})
    assert text_of(chip) == words
    assert "NAV: 1.00 against 2.00" in next(components(chip))["props"]["data-tell"]


def test_checks_that_agree_are_one_chip_and_the_others_come_first() -> None:
    checks = [check("NAV", "ok"), check("PnL", "fail"), check("AUM", "ok"), check("Rows", "not_comparable")]
    chips = footer.render_checks({"meta": {"checks": checks}})
    assert [text_of(chip) for chip in chips] == ["PnL ✗", "2 checks agree ✓", "1 not comparable –"]
