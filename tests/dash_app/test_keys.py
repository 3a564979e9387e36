"""Nothing is answered without a key, and each kind of key opens what it should for as long as it should."""

import json
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from keyfiles import NOW, PHRASE, PRIVATE, SECRET, WALL, KeyFiles, bearer, hash_cheaply
from serving import HEALTHY_STATE, wait_until
from werkzeug.test import TestResponse

from dash_app.address import View, read_address
from dash_app.app import create_app
from dash_app.keys.cookies import DAY_S, HOUR_S, issue_user, issue_wall
from dash_app.keys.keyring import Keyring, read_keyring
from dash_app.keys.visitors import inside_client
from dash_app.server.warmup import FIRST_POLL
from dash_app.settings import Settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")
OPEN = {"/healthz", "/login", "/login/page.css", "/login/tokens.css", "/logout"}
UNKNOWN = (
    "/x",
    "/admin",
    "/healthz/",
    "/healthz/x",
    "//healthz",
    "/login/x",
    "/login/../metrics",
    "/logout/x",
    "/.git/config",
)
REFUSED = b'{"error": "a key is needed"}'
POLL = "/_dash-update-component"
AMOUNT = "10461.27"


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path).write_all()


@pytest.fixture
def client(keys: KeyFiles) -> FlaskClient:
    return keys.client()


def all_paths(client: FlaskClient) -> set[str]:
    """Every route, its variables filled in, and what is no route."""
    rules = {rule.rule.replace("<path:path>", "x/y") for rule in client.application.url_map.iter_rules()}
    return {rule.partition("<")[0] + ("x.js" if "<" in rule else "") for rule in rules} | set(UNKNOWN)


def status(client: FlaskClient, path: str = "/api/state") -> int:
    return client.get(path).status_code


def poll(client: FlaskClient, search: str = "") -> TestResponse:
    inputs = [FIRST_POLL["inputs"][0], {**FIRST_POLL["inputs"][1], "value": search}]
    return client.post(POLL, json={**FIRST_POLL, "inputs": inputs})


# --- without a key ---------------------------------------------------------------------------------------------------


def test_every_route_is_closed(client: FlaskClient) -> None:
    paths = all_paths(client)
    assert {"/", "/metrics", "/readyz", "/api/state", POLL, "/_dash-layout", "/_reload-hash"} <= paths
    for path in sorted(paths - OPEN):
        for method in METHODS:
            answer = client.open(path, method=method)
            assert (answer.status_code, answer.data) == (401, b"" if method == "HEAD" else REFUSED), (method, path)
            assert answer.headers["Cache-Control"] == "no-store"


def test_a_browser_is_sent_to_the_sign_in_page(client: FlaskClient) -> None:
    for path in sorted(all_paths(client) - OPEN):
        answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (answer.status_code, answer.headers["Location"], answer.data) == (303, "/login", b""), path


@pytest.mark.parametrize("method", METHODS)
def test_health_is_open_for_reading(client: FlaskClient, method: str) -> None:
    answer = client.open("/healthz", method=method)
    assert answer.status_code == (200 if method in ("GET", "HEAD") else 401)
    assert answer.data in (b"OK", b"", REFUSED)


@pytest.mark.parametrize("path", sorted(OPEN - {"/healthz"}))
def test_open_pages_have_nothing_of_the_state(client: FlaskClient, path: str) -> None:
    answer = client.get(path, buffered=True)
    assert answer.status_code == 200
    assert answer.mimetype == ("text/css" if path.endswith(".css") else "text/html")
    assert not [word for word in (b"USDT", AMOUNT.encode(), b"nav_state", b"<script") if word in answer.data]


def test_the_server_itself_needs_none(keys: KeyFiles) -> None:
    server = keys.server()
    assert inside_client(server).get("/_dash-layout").status_code == 200
    spoofed = {"HTTP_HEDGE_INSIDE": "1", "hedge.inside": "true"}
    assert server.test_client().get("/_dash-layout", environ_overrides=spoofed).status_code == 401


def test_without_keys_all_is_open_and_there_is_no_sign_in() -> None:
    client = create_app(Settings(state_dir=str(HEALTHY_STATE), now=NOW)).server.test_client()
    assert [status(client, path) for path in ("/", "/metrics", "/api/state", "/_dash-layout")] == [200] * 4
    assert b'name="password"' not in client.get("/login").data


@pytest.mark.parametrize(
    "peer", ["10.0.0.5", "192.168.1.2", "8.8.8.8", "fe80::1", "2001:db8::1", "::ffff:10.0.0.5", "junk"]
)
def test_without_keys_others_get_nothing_whatever_is_listened_on(peer: str) -> None:
    client = create_app(Settings(state_dir=str(HEALTHY_STATE))).server.test_client()
    found = client.get("/api/state", environ_overrides={"REMOTE_ADDR": peer})
    assert (found.status_code, b"HEDGE_TOKENS_FILE" in found.data, b"USDT" in found.data) == (403, True, False)
    assert client.get("/healthz", environ_overrides={"REMOTE_ADDR": peer}).status_code == 200


# --- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/metrics", "/api/state", "/readyz", "/_dash-layout", "/"])
def test_program_shows_its_token(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers=bearer(WALL)).status_code == 200
    assert "Set-Cookie" not in client.get(path, headers=bearer(WALL)).headers


@pytest.mark.parametrize(
    "said",
    [
        "Bearer ",
        "Bearer x",
        f"Bearer {WALL}x",
        f"Bearer {WALL[:-1]}",
        f"Basic {WALL}",
        WALL,
        f"Bearer {SECRET}",
        "Bearer \xff" * 9,
    ],
)
def test_wrong_token_opens_nothing(client: FlaskClient, said: str) -> None:
    assert client.get("/metrics", headers={"Authorization": said}).status_code == 401


def test_wall_enters_once_and_the_key_leaves_the_address(client: FlaskClient) -> None:
    answer = client.get(f"/?kiosk=1&key={WALL}&tz=UTC")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?kiosk=1&tz=UTC")
    sent = answer.headers["Set-Cookie"]
    assert WALL not in sent
    assert "HttpOnly" in sent
    assert "SameSite=Lax" in sent
    assert f"Max-Age={400 * DAY_S}" in sent
    assert "Secure" not in sent
    assert [status(client, path) for path in ("/", "/metrics", "/api/state")] == [200] * 3


def test_wrong_key_in_the_address_is_said(client: FlaskClient) -> None:
    answer = client.get("/?kiosk=1&key=" + "x" * 40)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?wrong=key")
    assert b"not valid" in client.get("/login?wrong=key").data


def test_old_key_in_the_address_does_not_lock_out_a_wall(client: FlaskClient) -> None:
    client.get(f"/?key={WALL}")
    answer = client.get("/?kiosk=1&key=" + "x" * 40)
    assert (answer.headers["Location"], status(client)) == ("/?kiosk=1", 200)


def test_wall_outlives_a_restart_and_a_new_secret(keys: KeyFiles, client: FlaskClient) -> None:
    client.get(f"/?key={WALL}")
    kept = client.get_cookie("hedge-wall-8050")
    assert kept is not None
    keys.write("secret", "t" * 64)
    again = keys.client()
    again.set_cookie(kept.key, kept.value)
    assert status(again) == 200


@pytest.mark.parametrize(
    ("age_days", "renewed", "answered"),
    [(0.5, False, 200), (2, True, 200), (399, True, 200), (401, False, 401), (-3, False, 200)],
)
def test_wall_is_kept_by_use(
    keys: KeyFiles, client: FlaskClient, age_days: float, renewed: bool, answered: int
) -> None:
    token = read_keyring(keys.settings()).find_token(WALL)
    assert token is not None
    client.set_cookie("hedge-wall-8050", issue_wall(token, time.time() - age_days * DAY_S))
    answer = client.get("/api/state")
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (answered, renewed)


def test_changed_token_puts_its_walls_out_and_no_others(keys: KeyFiles, client: FlaskClient) -> None:
    other = client.application.test_client()
    client.get(f"/?key={WALL}")
    other.get(f"/?key={PRIVATE}")
    keys.write("tokens", f"lobby:{'n' * 40}\nshop-window:{PRIVATE}:private\n")
    wait_until(lambda: status(client) == 401)
    assert status(other) == 200


def test_malformed_line_lets_nobody_in_and_the_others_stay(
    keys: KeyFiles, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.get(f"/?key={WALL}")
    keys.write("tokens", f"lobby:{WALL}\nshop-window:{PRIVATE}:oops\n")
    wait_until(lambda: client.get("/metrics", headers=bearer(PRIVATE)).status_code == 401)
    assert status(client) == 200
    assert "HEDGE_TOKENS_FILE line 2 is wrong" in caplog.text
    assert PRIVATE not in caplog.text


def test_removed_file_lets_nobody_in(keys: KeyFiles, client: FlaskClient) -> None:
    client.get(f"/?key={WALL}")
    (keys.directory / "tokens").unlink()
    wait_until(lambda: status(client) == 401)
    keys.write("tokens", f"lobby:{WALL}\n")
    wait_until(lambda: status(client) == 200)


# --- private tokens --------------------------------------------------------------------------------------------------


def test_private_wall_gets_no_amount_from_the_page(client: FlaskClient) -> None:
    client.get(f"/?key={PRIVATE}")
    for search in ("", "?privacy=0", "?privacy=0&kiosk=1"):
        state = poll(client, search).get_json()["response"]["state"]["data"]
        assert (state["meta"]["private"], state["nav"]["nav_usd"]) == (True, "•••••")
        assert AMOUNT not in json.dumps(state)
    with client.application.test_request_context("/"):
        assert read_address("?privacy=0") == View(kiosk=False, private=False)


def test_private_program_gets_no_amount(client: FlaskClient) -> None:
    for path in ("/api/state", "/metrics"):
        private, public = (client.get(path, headers=bearer(token)) for token in (PRIVATE, WALL))
        assert AMOUNT in public.text
        assert AMOUNT not in private.text
        assert private.status_code == 200
    for name in ("hedge_nav_usd", "hedge_gross_exposure_usd", "hedge_net_exposure_usd", "hedge_check_residual"):
        assert f"\n{name}" not in client.get("/metrics", headers=bearer(PRIVATE)).text
    assert "hedge_ready 1.0" in client.get("/metrics", headers=bearer(PRIVATE)).text


def test_tag_of_the_whole_state_is_not_that_of_the_private_one(client: FlaskClient) -> None:
    tags = {client.get("/api/state", headers=bearer(token)).headers["ETag"] for token in (PRIVATE, WALL)}
    assert len(tags) == 2


# --- users -----------------------------------------------------------------------------------------------------------


def user_cookie(keyring: Keyring, age_s: float = 0.0, born_s: float | None = None) -> str:
    now = time.time()
    return issue_user("alice", keyring, now - age_s, now - (age_s if born_s is None else born_s))


@pytest.mark.parametrize(
    ("idle_s", "born_s", "found"),
    [
        (0, 0, (200, False)),
        (600, 600, (200, True)),
        (2 * HOUR_S - 60, 3 * HOUR_S, (200, True)),
        (2 * HOUR_S + 1, 3 * HOUR_S, (401, False)),
        (0, 24 * HOUR_S - 60, (200, False)),
        (0, 24 * HOUR_S + 1, (401, False)),
        (-DAY_S, -DAY_S, (401, False)),
    ],
)
def test_session_ends_idle_or_after_a_day(
    keys: KeyFiles, client: FlaskClient, idle_s: float, born_s: float, found: tuple[int, bool]
) -> None:
    """Status, and whether the cookie is sent anew."""
    client.set_cookie("hedge-user-8050", user_cookie(read_keyring(keys.settings()), idle_s, born_s))
    answer = client.get("/api/state")
    assert (answer.status_code, "Set-Cookie" in answer.headers) == found


def forge(keyring: Keyring, value: str) -> dict[str, str]:
    other = Keyring(keyring.users, keyring.tokens, b"z" * 64)
    return {
        "other secret": issue_user("alice", other, time.time()),
        "other name": value.replace("alice", "bob", 1),
        "later": value.replace(value.split(":")[1], "9999999999", 1),
        "no signature": value.rpartition(".")[0],
        "empty signature": value.rpartition(".")[0] + ".",
        "one letter": value[:-2] + ("A" if value[-2] != "A" else "B") + value[-1],
        "of a wall": issue_wall(next(iter(keyring.tokens.values())), time.time()),
        "nothing": "",
        "noise": "a:b:c:d.e" * 100,
        "not ascii": "älice:1:1:x.y",
    }


def test_forged_cookie_opens_nothing(keys: KeyFiles, client: FlaskClient) -> None:
    keyring = read_keyring(keys.settings())
    value = user_cookie(keyring)
    for kind, forged in forge(keyring, value).items():
        for name in ("hedge-user-8050", "hedge-wall-8050"):
            if (kind, name) != ("of a wall", "hedge-wall-8050"):
                client.set_cookie(name, forged)
                assert status(client) == 401, (kind, name)
            client.delete_cookie(name)
    client.set_cookie("hedge-user-8050", value)
    assert status(client) == 200


@pytest.mark.parametrize(
    "text",
    [
        f"alice:{hash_cheaply('another')}\n",
        f"bob:{hash_cheaply(PHRASE)}\n",
        f"alice:{hash_cheaply(PHRASE)}\n",
        "alice:oops\n",
        "",
    ],
)
def test_changed_password_or_removed_user_ends_the_session(keys: KeyFiles, client: FlaskClient, text: str) -> None:
    client.set_cookie("hedge-user-8050", user_cookie(read_keyring(keys.settings())))
    assert status(client) == 200
    keys.write("users", text)
    wait_until(lambda: status(client) == 401)


def test_new_secret_ends_all_sessions(keys: KeyFiles, client: FlaskClient) -> None:
    client.set_cookie("hedge-user-8050", user_cookie(read_keyring(keys.settings())))
    assert status(client) == 200
    keys.write("secret", "t" * 64)
    wait_until(lambda: status(client) == 401)


def test_only_a_user_is_offered_to_sign_out(keys: KeyFiles, client: FlaskClient) -> None:
    assert "X-Hedge-Session" not in client.get("/api/state", headers=bearer(WALL)).headers
    client.set_cookie("hedge-user-8050", user_cookie(read_keyring(keys.settings())))
    assert client.get("/api/state").headers["X-Hedge-Session"] == "user"


# --- behind a proxy --------------------------------------------------------------------------------------------------

PROXY = {"HEDGE_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16, unix", "HEDGE_USER_HEADER": "X-Remote-User"}


@pytest.mark.parametrize(
    ("peer", "said", "answered"),
    [
        ("10.0.0.1", "alice", 200),
        ("10.1.2.3", "bob@example.org", 200),
        ("::ffff:10.0.0.1", "alice", 200),
        ("", "alice", 200),
        ("10.0.0.2", "alice", 401),
        ("127.0.0.1", "alice", 401),
        ("10.0.0.1", "", 401),
        ("10.0.0.1", "evil,alice", 401),
        ("10.0.0.1", "a b", 401),
        ("10.0.0.1", "<b>", 401),
    ],
)
def test_only_a_trusted_proxy_may_vouch(keys: KeyFiles, peer: str, said: str, answered: int) -> None:
    client = keys.client(**PROXY)
    found = client.get("/api/state", headers={"X-Remote-User": said}, environ_overrides={"REMOTE_ADDR": peer})
    assert found.status_code == answered


def test_nobody_vouches_unless_it_is_set(keys: KeyFiles) -> None:
    client = keys.client(HEDGE_TRUSTED_PROXIES="10.0.0.1")
    peer = {"REMOTE_ADDR": "10.0.0.1"}
    assert client.get("/api/state", headers={"X-Remote-User": "alice"}, environ_overrides=peer).status_code == 401


@pytest.mark.parametrize(
    ("peer", "proto", "prefix", "name"),
    [
        ("10.0.0.1", "https", "/", "__Host-hedge-wall-8050"),
        ("10.0.0.1", "https", "/hedge/", "__Secure-hedge-wall-8050"),
        ("10.0.0.1", "http, https", "/", "__Host-hedge-wall-8050"),
        ("10.0.0.1", "https, http", "/", "hedge-wall-8050"),
        ("10.0.0.1", "http", "/", "hedge-wall-8050"),
        ("10.0.0.9", "https", "/", "hedge-wall-8050"),
    ],
)
def test_cookie_is_secure_where_tls_is(keys: KeyFiles, peer: str, proto: str, prefix: str, name: str) -> None:
    client = keys.client(HEDGE_TRUSTED_PROXIES="10.0.0.1", HEDGE_PREFIX=prefix)
    said = {"X-Forwarded-Proto": proto, "X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.invalid"}
    answer = client.get(f"/?kiosk=1&key={WALL}", headers=said, environ_overrides={"REMOTE_ADDR": peer})
    sent = answer.headers["Set-Cookie"]
    assert sent.startswith(f"{name}=")
    assert ("; Secure" in sent) == name.startswith("__")
    assert f"; Path={prefix};" in sent
    assert answer.headers["Location"] == f"{prefix}?kiosk=1"
    assert answer.headers.get("Cross-Origin-Opener-Policy") == ("same-origin" if "; Secure" in sent else None)


def test_cookie_of_plain_http_does_not_count_over_tls(keys: KeyFiles) -> None:
    """Somebody on the line could have put it there."""
    client = keys.client(HEDGE_TRUSTED_PROXIES="127.0.0.1")
    client.get(f"/?key={WALL}")
    assert status(client) == 200
    assert client.get("/api/state", headers={"X-Forwarded-Proto": "https"}).status_code == 401


# --- headers ---------------------------------------------------------------------------------------------------------


def test_nothing_behind_a_key_is_kept_by_others(client: FlaskClient) -> None:
    for path in ("/", "/metrics", "/api/state", "/readyz", "/_dash-layout"):
        assert client.get(path, headers=bearer(WALL)).headers["Cache-Control"] == "no-store"
    for path in ("/assets/10-tokens.css", "/bootstrap/static/css/bootstrap.min.css"):
        answer = client.get(path, headers=bearer(WALL), buffered=True)
        assert "public" not in answer.headers["Cache-Control"]


def test_headers_of_every_answer(client: FlaskClient) -> None:
    for path in ("/healthz", "/metrics", "/login", "/login/page.css", "/x"):
        headers = client.get(path, buffered=True).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        own = path == "/login"
        assert ("form-action 'self'" in headers["Content-Security-Policy"]) == own
        assert headers["Referrer-Policy"] == ("same-origin" if own else "no-referrer")
