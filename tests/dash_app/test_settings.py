"""Settings: what each variable may say, and what is said when it may not."""

import dataclasses

import pytest

from dash_app.settings import Settings, SettingsError, read_settings


def test_nothing_has_to_be_set() -> None:
    settings = Settings.from_environ({})
    assert (settings.state_dir, settings.refresh_ms, settings.bind) == ("logs/state", 1000, "127.0.0.1:8050")
    assert settings.prefix == "/"
    assert (settings.zone.key, settings.now, settings.workers, settings.threads) == ("UTC", None, 1, 32)


@pytest.mark.parametrize(
    ("name", "text", "attribute", "value"),
    [
        ("HEDGE_STATE_DIR", "/srv/state", "state_dir", "/srv/state"),
        ("HEDGE_REFRESH_MS", "250", "refresh_ms", 250),
        ("HEDGE_REFRESH_MS", "60000", "refresh_ms", 60000),
        ("HEDGE_BIND", "0.0.0.0:80", "bind", "0.0.0.0:80"),
        ("HEDGE_BIND", "wall.example:0", "bind", "wall.example:0"),
        ("HEDGE_BIND", "[::1]:8050", "bind", "[::1]:8050"),
        ("HEDGE_PREFIX", "/", "prefix", "/"),
        ("HEDGE_PREFIX", "/hedge/", "prefix", "/hedge/"),
        ("HEDGE_PREFIX", "/desk-1/wall_2/", "prefix", "/desk-1/wall_2/"),
        ("HEDGE_PREFIX", "", "prefix", "/"),
        ("HEDGE_ENV", "PAPER", "badge", "PAPER"),
        ("HEDGE_NOW", "1764197100", "now", 1764197100.0),
        ("HEDGE_NOW", "1764197100.5", "now", 1764197100.5),
        ("HEDGE_NOW", "0", "now", 0.0),
        ("HEDGE_RELOAD_AT", "04:30", "reload_at", "04:30"),
        ("HEDGE_RELOAD_AT", "", "reload_at", None),
        ("HEDGE_WORKERS", "3", "workers", 3),
        ("WEB_CONCURRENCY", "2", "workers", 2),
        ("HEDGE_THREADS", "64", "threads", 64),
        ("HEDGE_REFRESH_MS", "", "refresh_ms", 1000),
        ("HEDGE_NOW", "", "now", None),
    ],
)
def test_good_value_is_read(name: str, text: str, attribute: str, value: object) -> None:
    assert getattr(Settings.from_environ({name: text}), attribute) == value


def test_time_zone_is_read() -> None:
    assert Settings.from_environ({"HEDGE_TZ": "Africa/Johannesburg"}).zone.key == "Africa/Johannesburg"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(
            ("HEDGE_REFRESH_MS", text)
            for text in ("fast", "249", "60001", "1e3", "1000.0", "-1000", "1_000", "١٠٠٠", " 1000")
        ),
        *(
            ("HEDGE_BIND", text)
            for text in ("8050", "localhost", "host:", ":8050", "host:65536", "a b:1", "http://x:1")
        ),
        *(
            ("HEDGE_PREFIX", text)
            for text in (
                "hedge",
                "/hedge",
                "hedge/",
                "//",
                "/a//b/",
                "/../",
                "/a b/",
                "/ü/",
                '/"/',
                "https://x/",
                "/a/\n",
            )
        ),
        *(("HEDGE_ENV", text) for text in ("two words", "<b>", "x" * 21)),
        *(("HEDGE_TZ", text) for text in ("Nowhere", "Europe", "../etc/passwd", "/etc/localtime", "UTC+2\x01")),
        *(("HEDGE_NOW", text) for text in ("nan", "inf", "-inf", "-1", "yesterday", "1764197100000", "1e400")),
        *(("HEDGE_RELOAD_AT", text) for text in ("24:00", "4:30", "04:60", "04:30:00", "never", "٠٤:٣٠")),
        *(("HEDGE_WORKERS", text) for text in ("0", "33", "two")),
        *(("WEB_CONCURRENCY", text) for text in ("0", "auto")),
        *(("HEDGE_THREADS", text) for text in ("0", "257")),
    ],
)
def test_bad_value_is_named_with_what_was_expected(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environ({name: text})
    assert str(error.value).startswith(f"{name} has value {text!r}. Expected ")


def test_sentence_of_a_bad_refresh() -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environ({"HEDGE_REFRESH_MS": "fast"})
    expected = "HEDGE_REFRESH_MS has value 'fast'. Expected a whole number of milliseconds from 250 to 60000."
    assert str(error.value) == expected


def test_all_bad_values_are_said_at_once() -> None:
    with pytest.raises(SystemExit) as ended:
        read_settings({"HEDGE_REFRESH_MS": "fast", "HEDGE_TZ": "Nowhere", "HEDGE_BIND": "0.0.0.0:80"})
    lines = str(ended.value.code).splitlines()
    assert [line.split()[0] for line in lines] == ["HEDGE_REFRESH_MS", "HEDGE_TZ"]


def test_own_variable_wins_over_the_general_one() -> None:
    assert Settings.from_environ({"HEDGE_WORKERS": "3", "WEB_CONCURRENCY": "5"}).workers == 3


def test_loader_gets_the_environment_as_it_was() -> None:
    environ = {"ENV": "testnet"}
    settings = Settings.from_environ(environ)
    environ["ENV"] = "changed"
    assert settings.environ["ENV"] == "testnet"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().refresh_ms = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("HEDGE_TOKEN_FILE", "HEDGE_TOKENS_FILE"),
        ("HEDGE_TOKENS", "HEDGE_TOKENS_FILE"),
        ("HEDGE_BNID", "HEDGE_BIND"),
        ("HEDGE_TRUSTED_PROXY", "HEDGE_TRUSTED_PROXIES"),
        ("HEDGE_STATEDIR", "HEDGE_STATE_DIR"),
        ("HEDGE_REFRESH", "HEDGE_REFRESH_MS"),
        ("HEDGE_USERHEADER", "HEDGE_USER_HEADER"),
        ("HEDGE_CACHEDIR", "HEDGE_CACHE_DIR"),
    ],
)
def test_misspelt_setting_is_named(name: str, meant: str) -> None:
    """Else it would be as if it were not set."""
    with pytest.raises(SettingsError) as error:
        Settings.from_environ({name: "x"})
    assert str(error.value) == f"{name} is no setting. Did you mean {meant}?"


@pytest.mark.parametrize(
    "name", ["HEDGE_FUND", "HEDGE_API_KEY", "HEDGE_LOG_DIR", "HEDGE_CACHE_DIR", "HEDGEBIND", "EDGE_BIND", "BIND"]
)
def test_variable_of_another_program_is_none_of_ours(name: str) -> None:
    """Only what is near to one of ours is taken for it."""
    assert Settings.from_environ({name: "x"}) == Settings(environ={name: "x"})
