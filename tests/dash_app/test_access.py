"""Nothing is answered to a stranger, and a token opens what it should for as long as its line stands in the file."""

import json
import time
from pathlib import Path

import pytest
from asking import FIRST_POLL
from flask.testing import FlaskClient
from keyfiles import LOBBY, NOW, PRIVATE, WALL, WINDOW, KeyFiles, bearer
from serving import HEALTHY_STATE
from werkzeug.test import TestResponse

from dash_app.access.guard import DAY_S, VISITOR, internal_client
from dash_app.access.tokens import hash_token
from dash_app.app import create_app
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
REFUSED = b'{"error": "a token is needed"}'
POLL = "/_dash-update-component"
AMOUNT = "10461.27"
COOKIE = "hedge-8050"
OTHER = "n" * 43


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


# --- without a token -------------------------------------------------------------------------------------------------


def test_every_route_is_closed(client: FlaskClient) -> None:
    """One check stands before all routes, those that nobody has thought of included."""
    paths = all_paths(client)
    assert {"/", "/metrics", "/readyz", "/api/state", POLL, "/_dash-layout", "/_reload-hash"} <= paths
    for path in sorted(paths - OPEN):
        for method in METHODS:
            answer = client.open(path, method=method)
            assert (answer.status_code, answer.data) == (401, b"" if method == "HEAD" else REFUSED), (method, path)
            assert answer.headers["Cache-Control"] == "no-store"


def test_a_browser_is_sent_to_the_sign_in_page(client: FlaskClient) -> None:
    """Whatever page it asked for."""
    for path in sorted(all_paths(client) - OPEN):
        answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (answer.status_code, answer.headers["Location"], answer.data) == (303, "/login", b""), path


@pytest.mark.parametrize("method", METHODS)
def test_health_is_open_for_reading(client: FlaskClient, method: str) -> None:
    """A supervisor needs no token."""
    answer = client.open("/healthz", method=method)
    assert answer.status_code == (200 if method in ("GET", "HEAD") else 401)
    assert answer.data in (b"OK", b"", REFUSED)


@pytest.mark.parametrize("path", sorted(OPEN - {"/healthz"}))
def test_open_pages_have_nothing_of_the_state_nor_of_the_page(client: FlaskClient, path: str) -> None:
    """Who is not signed in sees a form, however he asks."""
    for method in METHODS:
        answer = client.open(path, method=method, buffered=True)
        assert answer.status_code in ((200,) if method in ("GET", "HEAD", "OPTIONS") else (303, 401, 405)), method
        words = (b"USDT", AMOUNT.encode(), b"nav_state", b"<script", b"_dash-config")
        assert not [word for word in words if word in answer.data]
    assert client.get(path, buffered=True).mimetype == ("text/css" if path.endswith(".css") else "text/html")


def test_the_server_itself_needs_none(keys: KeyFiles) -> None:
    """Its warm-up asks before anybody else; no header can pass for it."""
    server = keys.server()
    assert internal_client(server).get("/_dash-layout").status_code == 200
    spoofed = {"HTTP_HEDGE_VISITOR": "1", VISITOR: "the server itself"}
    assert server.test_client().get("/_dash-layout", environ_overrides=spoofed).status_code == 401


# --- on this machine alone -------------------------------------------------------------------------------------------


def test_without_tokens_all_is_open_to_this_machine() -> None:
    """And there is no sign-in."""
    client = create_app(Settings(state_dir=str(HEALTHY_STATE), now=NOW)).server.test_client()
    assert [status(client, path) for path in ("/", "/metrics", "/api/state", "/_dash-layout")] == [200] * 4
    assert b'name="token"' not in client.get("/login").data


@pytest.mark.parametrize(
    "peer", ["10.0.0.5", "192.168.1.2", "8.8.8.8", "fe80::1", "2001:db8::1", "::ffff:10.0.0.5", "junk"]
)
def test_without_tokens_others_get_nothing_whatever_is_listened_on(peer: str) -> None:
    """The last line of defence, should a bind ever pass the checks of the start."""
    client = create_app(Settings(state_dir=str(HEALTHY_STATE))).server.test_client()
    found = client.get("/api/state", environ_overrides={"REMOTE_ADDR": peer})
    assert (found.status_code, b"HEDGE_TOKENS_FILE" in found.data, b"USDT" in found.data) == (403, True, False)
    assert client.get("/healthz", environ_overrides={"REMOTE_ADDR": peer}).status_code == 200


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("evil.example:8050", 403),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example:8050", 403),
        ("evil.example@localhost", 200),  # a browser sends no such name; the host of it is localhost
        ("[::1", 403),
        ("desk.example:8050", 200),
        ("localhost:8050", 200),
        ("LOCALHOST.:8050", 200),
        ("wall.localhost", 200),
        ("127.0.0.1:8050", 200),
        ("[::1]:8050", 200),
        ("", 200),
    ],
)
def test_without_tokens_a_web_page_s_own_name_for_this_machine_opens_nothing(host: str, answered: int) -> None:
    """DNS rebinding: a name of another's that he makes stand for the loopback address."""
    client = create_app(Settings(state_dir=str(HEALTHY_STATE), bind="desk.example:8050")).server.test_client()
    found = client.get("/api/state", environ_overrides={"HTTP_HOST": host})
    assert (found.status_code, b"USDT" in found.data) == (answered, answered == 200)


def test_name_of_the_site_is_the_trusted_proxy_s_matter(tmp_path: Path) -> None:
    """And with tokens any name will do."""
    site = {"HTTP_HOST": "hedge.example.org"}
    proxied = Settings.from_environ({"HEDGE_STATE_DIR": str(HEALTHY_STATE), "HEDGE_TRUSTED_PROXIES": "127.0.0.1"})
    client = create_app(proxied).server.test_client()
    assert client.get("/api/state", environ_overrides=site).status_code == 200
    locked = KeyFiles(tmp_path).write_all().client()
    assert locked.get("/api/state", environ_overrides=site, headers=bearer(WALL)).status_code == 200


# --- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/metrics", "/api/state", "/readyz", "/_dash-layout", "/"])
def test_program_shows_its_token(client: FlaskClient, path: str) -> None:
    """In each request, and gets no cookie for it."""
    answer = client.get(path, headers=bearer(WALL))
    assert answer.status_code == 200
    assert not {"Set-Cookie", "X-Hedge-Session"} & set(answer.headers.keys())


BAD_TOKENS = {
    "nothing": "",
    "short": "x",
    "longer": f"{WALL}x",
    "shorter": WALL[:-1],
    "another": OTHER,
    "the hash, as whoever reads the file has it": hash_token(WALL),
    "the hash with its mark": f"sha256:{hash_token(WALL)}",
    "the line": LOBBY,
    "the name": "lobby",
    "not ascii": "\xff" * 43,
    "very long": "w" * 300,
    "quoted": f'"{WALL}"',
}


@pytest.mark.parametrize("said", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_wrong_token_opens_nothing(client: FlaskClient, said: str) -> None:
    """Neither in a header, nor in a cookie, nor in the address, nor in the form."""
    assert client.get("/metrics", headers={"Authorization": f"Bearer {said}"}).status_code == 401
    for value in (said, f"{said}.{int(time.time())}"):
        cookie = {"Cookie": f"{COOKIE}={value}".encode().decode("latin-1")}
        assert client.get("/metrics", headers=cookie).status_code == 401
    for name in ("token", "key"):
        answer = client.get("/", query_string={"kiosk": "1", name: said})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login?wrong=token&view=kiosk%3D1")
    assert client.post("/login", data={"token": said}).status_code == 401
    assert "not valid" in client.get("/login?wrong=token").text
    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize("authorization", [WALL, f"Basic {WALL}", f"Token {WALL}", f"Bearer{WALL}", "Bearer"])
def test_token_of_another_scheme_is_none(client: FlaskClient, authorization: str) -> None:
    """`Authorization: Bearer`, as programs say it."""
    assert client.get("/metrics", headers={"Authorization": authorization}).status_code == 401


@pytest.mark.parametrize("name", ["token", "key"])
def test_wall_enters_once_and_the_token_leaves_the_address(client: FlaskClient, name: str) -> None:
    """It goes on in a cookie that no script reads and no other site sends."""
    answer = client.get(f"/?kiosk=1&{name}={WALL}&tz=UTC")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?kiosk=1&tz=UTC")
    sent = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={400 * DAY_S}"} <= set(sent.split("; "))
    assert "Secure" not in sent
    assert [status(client, path) for path in ("/", "/metrics", "/api/state")] == [200] * 3


@pytest.mark.parametrize("query", ["path=/x", "self=1", "path=a&self=b&query=c", "path=%0d%0aX:+y"])
def test_whatever_else_is_in_the_address_stays_there(client: FlaskClient, query: str) -> None:
    """No name of a parameter is taken for one of our own."""
    answer = client.get(f"/?{query}&token={WALL}")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/?{query.replace('/', '%2F').replace(':', '%3A').replace('%0d%0a', '%0D%0A')}",
    )
    stranger = client.application.test_client().get(f"/?{query}", headers={"Accept": "text/html"})
    assert stranger.status_code == 303


def test_old_token_in_the_address_does_not_lock_out_a_wall(client: FlaskClient) -> None:
    """The start address of a kiosk outlives its token."""
    client.get(f"/?token={WALL}")
    answer = client.get(f"/?kiosk=1&token={OTHER}")
    assert (answer.headers["Location"], status(client)) == ("/?kiosk=1", 200)


def test_wall_outlives_a_restart(keys: KeyFiles, client: FlaskClient) -> None:
    """The server keeps nothing of it but the line in the file."""
    client.get(f"/?token={WALL}")
    kept = client.get_cookie(COOKIE)
    assert kept is not None
    again = keys.client()
    again.set_cookie(kept.key, kept.value)
    assert status(again) == 200


@pytest.mark.parametrize(
    ("sent_at", "renewed"),
    [
        ("0.5", False),
        ("2", True),
        ("399", True),
        ("5000", True),
        ("-3", True),
        ("", True),
        ("x", True),
        ("9" * 99, True),
    ],
)
def test_wall_is_never_signed_out_by_time(client: FlaskClient, sent_at: str, renewed: bool) -> None:
    """Days since the cookie was sent, by whatever clock, decide only whether it is sent anew."""
    is_age = len(sent_at) < 9 and sent_at.strip("-.0123456789") == "" and sent_at
    client.set_cookie(COOKIE, f"{WALL}.{int(time.time() - float(sent_at) * DAY_S) if is_age else sent_at}")
    answer = client.get("/api/state")
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, renewed)


def test_cookie_of_a_program_or_a_proxy_is_none(client: FlaskClient) -> None:
    """Only a browser that has shown one may sign out."""
    client.get(f"/?token={WALL}")
    assert client.get("/api/state").headers["X-Hedge-Session"] == "token"
    assert "X-Hedge-Session" not in client.get("/api/state", headers=bearer(WALL)).headers


# --- the file, while it runs -----------------------------------------------------------------------------------------


def test_removed_token_ends_at_the_next_request(keys: KeyFiles, client: FlaskClient) -> None:
    """And no other: its walls are out at once, the others stay."""
    other = client.application.test_client()
    client.get(f"/?token={WALL}")
    other.get(f"/?token={PRIVATE}")
    assert [status(client), status(other)] == [200, 200]
    keys.write(WINDOW)
    assert [status(client), status(other)] == [401, 200]
    keys.write(LOBBY)
    assert [status(client), status(other)] == [200, 401]


def test_token_replaced_by_one_as_long_within_a_tick_ends_too(keys: KeyFiles, client: FlaskClient) -> None:
    """Size and inode stay, and the time of a coarse clock may."""
    for token, line in ((WALL, WINDOW), (PRIVATE, LOBBY)) * 20:
        keys.write(LOBBY if line == WINDOW else WINDOW)
        assert client.get("/metrics", headers=bearer(token)).status_code == 200
        with keys.path.open("r+") as file:
            file.write(line)
            file.truncate()
        assert client.get("/metrics", headers=bearer(token)).status_code == 401


def test_malformed_line_lets_nobody_in_and_the_others_stay(
    keys: KeyFiles, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once, without what is in it."""
    keys.write(LOBBY, f"{WINDOW}:oops")
    for _ in range(3):
        assert client.get("/metrics", headers=bearer(PRIVATE)).status_code == 401
        assert client.get("/metrics", headers=bearer(WALL)).status_code == 200
    assert [record.message.partition(".")[0] for record in caplog.records] == ["HEDGE_TOKENS_FILE line 2 is wrong"]
    assert hash_token(PRIVATE) not in caplog.text


def test_removed_file_lets_nobody_in(keys: KeyFiles, client: FlaskClient) -> None:
    """No file is no permission; written again, it counts again."""
    client.get(f"/?token={WALL}")
    keys.path.unlink()
    assert status(client) == 401
    assert status(client, "/healthz") == 200
    keys.write_all()
    assert status(client) == 200


def test_token_in_plain_text_goes_on_with_a_warning(keys: KeyFiles, caplog: pytest.LogCaptureFixture) -> None:
    """As files of older versions have them."""
    keys.write(f"lobby:{WALL}", f"shop-window:{PRIVATE}:private")
    client = keys.client()
    assert [client.get("/metrics", headers=bearer(token)).status_code for token in (WALL, PRIVATE)] == [200, 200]
    assert AMOUNT not in client.get("/api/state", headers=bearer(PRIVATE)).text
    assert [record.message[:44] for record in caplog.records] == [
        "HEDGE_TOKENS_FILE line 1 has its token in pl",
        "HEDGE_TOKENS_FILE line 2 has its token in pl",
    ]
    assert not [token for token in (WALL, PRIVATE) if token in caplog.text]


# --- private tokens --------------------------------------------------------------------------------------------------


def test_private_wall_gets_no_amount_from_the_page(client: FlaskClient) -> None:
    """Whatever its address asks for."""
    client.get(f"/?token={PRIVATE}")
    for search in ("", "?privacy=0", "?privacy=0&kiosk=1"):
        state = poll(client, search).get_json()["response"]["state"]["data"]
        assert (state["meta"]["private"], state["nav"]["nav_usd"]) == (True, "•••••")
        assert AMOUNT not in json.dumps(state)


def test_private_program_gets_no_amount(client: FlaskClient) -> None:
    """The same where programs ask."""
    for path in ("/api/state", "/metrics"):
        private, public = (client.get(path, headers=bearer(token)) for token in (PRIVATE, WALL))
        assert AMOUNT in public.text
        assert AMOUNT not in private.text
        assert private.status_code == 200
    for name in ("hedge_nav_usd", "hedge_gross_exposure_usd", "hedge_net_exposure_usd", "hedge_check_residual"):
        assert f"\n{name}" not in client.get("/metrics", headers=bearer(PRIVATE)).text
    assert "hedge_ready 1.0" in client.get("/metrics", headers=bearer(PRIVATE)).text


def test_tag_of_the_whole_state_is_not_that_of_the_private_one(client: FlaskClient) -> None:
    """A tag says which bytes; the two have different ones."""
    tags = {client.get("/api/state", headers=bearer(token)).headers["ETag"] for token in (PRIVATE, WALL)}
    assert len(tags) == 2


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
    """Its word is one name; two are nobody."""
    client = keys.client(**PROXY)
    found = client.get("/api/state", headers={"X-Remote-User": said}, environ_overrides={"REMOTE_ADDR": peer})
    assert found.status_code == answered
    assert "X-Hedge-Session" not in found.headers


def test_nobody_vouches_unless_it_is_set(keys: KeyFiles) -> None:
    """A trusted proxy alone is believed its scheme, no more."""
    client = keys.client(HEDGE_TRUSTED_PROXIES="10.0.0.1")
    peer = {"REMOTE_ADDR": "10.0.0.1"}
    assert client.get("/api/state", headers={"X-Remote-User": "alice"}, environ_overrides=peer).status_code == 401


@pytest.mark.parametrize(
    ("peer", "proto", "prefix", "name"),
    [
        ("10.0.0.1", "https", "/", "__Host-hedge-8050"),
        ("10.0.0.1", "https", "/hedge/", "__Secure-hedge-8050"),
        ("10.0.0.1", "http, https", "/", "__Host-hedge-8050"),
        ("10.0.0.1", "https, http", "/", "hedge-8050"),
        ("10.0.0.1", "http", "/", "hedge-8050"),
        ("10.0.0.9", "https", "/", "hedge-8050"),
    ],
)
def test_cookie_is_secure_where_tls_is(keys: KeyFiles, peer: str, proto: str, prefix: str, name: str) -> None:
    """As the trusted proxy says, and nobody else."""
    client = keys.client(HEDGE_TRUSTED_PROXIES="10.0.0.1", HEDGE_PREFIX=prefix)
    said = {"X-Forwarded-Proto": proto, "X-Forwarded-Prefix": "/evil", "X-Forwarded-Host": "evil.invalid"}
    answer = client.get(f"/?kiosk=1&token={WALL}", headers=said, environ_overrides={"REMOTE_ADDR": peer})
    sent = answer.headers["Set-Cookie"]
    assert sent.startswith(f"{name}=")
    assert ("; Secure" in sent) == name.startswith("__")
    assert f"; Path={prefix};" in f"{sent};"
    assert answer.headers["Location"] == f"{prefix}?kiosk=1"
    assert answer.headers.get("Cross-Origin-Opener-Policy") == ("same-origin" if "; Secure" in sent else None)


def test_cookie_of_plain_http_does_not_count_over_tls(keys: KeyFiles) -> None:
    """Somebody on the line could have put it there."""
    client = keys.client(HEDGE_TRUSTED_PROXIES="127.0.0.1")
    client.get(f"/?token={WALL}")
    assert status(client) == 200
    assert client.get("/api/state", headers={"X-Forwarded-Proto": "https"}).status_code == 401


# --- headers ---------------------------------------------------------------------------------------------------------


def test_nothing_behind_a_token_is_kept_by_others(client: FlaskClient) -> None:
    """No cache on the way; the program's own files by the browser alone."""
    for path in ("/", "/metrics", "/api/state", "/readyz", "/_dash-layout"):
        assert client.get(path, headers=bearer(WALL)).headers["Cache-Control"] == "no-store"
    for path in ("/assets/10-tokens.css", "/bootstrap/static/css/bootstrap.min.css"):
        answer = client.get(path, headers=bearer(WALL), buffered=True)
        assert "public" not in answer.headers["Cache-Control"]


def test_headers_of_every_answer(client: FlaskClient) -> None:
    """Refusals and the sign-in page included."""
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
