"""The sign-in page: one field, from our own page, and nowhere else afterwards."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from keyfiles import PRIVATE, WALL, KeyFiles, bearer

COOKIE = "hedge-8050"


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path).write_all()


@pytest.fixture
def client(keys: KeyFiles) -> FlaskClient:
    return keys.client()


def test_token_signs_in(client: FlaskClient) -> None:
    """With the spaces around it that copying brings along, and to the page that was asked for."""
    answer = client.post("/login", data={"token": f" {WALL}\n", "view": "kiosk=1&tz=UTC"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?kiosk=1&tz=UTC")
    assert {"HttpOnly", "SameSite=Lax"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert client.get("/api/state").status_code == 200


@pytest.mark.parametrize("token", ["", "wrong", "<b>" + WALL, WALL[:-1], "n" * 43])
def test_wrong_token_is_said_and_not_shown(client: FlaskClient, token: str) -> None:
    """Nor kept."""
    answer = client.post("/login", data={"token": token, "view": "kiosk=1"})
    assert answer.status_code == 401
    assert re.findall(r'role="alert">([^<]+)<', answer.text) == ["This token is not valid, or not any more."]
    assert 'name="view" value="kiosk=1"' in answer.text
    assert not token or token not in answer.text
    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize(
    ("body", "kind", "answered"),
    [
        (b"token=" + b"w" * 5000, "application/x-www-form-urlencoded", 413),
        (b'{"token": "%s"}' % WALL.encode(), "application/json", 401),
        (b"\xff\xfe=%zz&&&", "application/x-www-form-urlencoded", 401),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 401),
        (b"", "multipart/form-data", 401),
        (b"", "", 401),
    ],
)
def test_what_is_no_small_form_signs_nobody_in(client: FlaskClient, body: bytes, kind: str, answered: int) -> None:
    """And is no failure of the server."""
    assert client.post("/login", data=body, content_type=kind).status_code == answered


VIEWS = [
    "//evil.invalid",
    "https://evil.invalid",
    "/\\evil.invalid",
    "javascript:alert(1)",
    "\r\nSet-Cookie: a=b",
    "@evil.invalid",
    "a=1#//evil",
    "?x",
    "%0d%0aX: y",
    "path=/x&self=1&view=https://evil.invalid",
    f"token={PRIVATE}&key={PRIVATE}",
    "a" * 1500,
    "&".join(["a=1"] * 100),
]


@pytest.mark.parametrize("view", VIEWS)
def test_signing_in_leads_to_the_page_and_nowhere_else(client: FlaskClient, view: str) -> None:
    """A view is what the page was asked for, never an address."""
    answer = client.post("/login", data={"token": WALL, "view": view})
    assert answer.status_code == 303
    assert re.fullmatch(r"/(\?[\w.=&%+-]*)?", answer.headers["Location"]), answer.headers["Location"]
    assert PRIVATE not in answer.headers["Location"]
    assert "X" not in answer.headers
    links = re.findall(r'href="(/[^"]*)"', client.get("/login", query_string={"view": view}).text)
    assert [link for link in links if not re.fullmatch(r"/(login/[a-z]+\.css|\?[\w.=&;%+-]*)?", link)] == []


def test_pages_stay_below_their_prefix(keys: KeyFiles) -> None:
    """Cookie, links, form and redirection."""
    client = keys.client(HEDGE_PREFIX="/hedge/")
    sent = client.get("/", query_string={"kiosk": "1"}, headers={"Accept": "text/html"})
    assert sent.headers["Location"] == "/hedge/login?view=kiosk%3D1"
    signed_in = client.post("/login", data={"token": WALL})
    assert "Path=/hedge/" in signed_in.headers["Set-Cookie"].split("; ")
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
    for headers in ({}, cookie):
        links = re.findall(r'(?:href|src|action)="([^"]*)"', client.get("/login", headers=headers).text)
        assert [link for link in links if not link.startswith(("/hedge/", "data:"))] == []


@pytest.mark.parametrize("path", ["/login", "/logout"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.invalid"},
        {"Origin": "https://localhost.evil.invalid"},
        {"Origin": "null"},
        {"Origin": "localhost"},
        {"Origin": "http://[oops"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_form_of_another_site_is_refused(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    """Nobody signs a browser in or out but who sits before it."""
    answer = client.post(path, data={"token": WALL}, headers=headers)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post(path, data={"token": WALL}, headers=own).status_code == 303


def test_signing_out_ends_it_in_this_browser_alone(client: FlaskClient) -> None:
    """A link does not do it; the token itself goes on."""
    client.get(f"/?token={WALL}")
    page = client.get("/login").text
    assert ("signed in as lobby" in page, 'name="token"' in page) == (True, False)
    assert client.get("/logout").text == page
    assert client.get("/api/state").status_code == 200
    answer = client.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert client.get("/api/state").status_code == 401
    assert client.get("/api/state", headers=bearer(WALL)).status_code == 200
    assert 'name="token"' in client.get("/login").text


def test_whom_a_proxy_has_signed_in_goes_back_to_the_page(keys: KeyFiles) -> None:
    """A wall that was signed out links to the sign-in page, where the proxy asks its own question."""
    client = keys.client(HEDGE_TRUSTED_PROXIES="127.0.0.1", HEDGE_USER_HEADER="X-Remote-User")
    answer = client.get("/login?view=kiosk%3D1", headers={"X-Remote-User": "alice"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?kiosk=1")


def test_signing_in_with_another_token_replaces_the_first(client: FlaskClient) -> None:
    """A browser has one."""
    client.post("/login", data={"token": PRIVATE})
    assert b"10461.27" not in client.get("/api/state").data
    client.post("/login", data={"token": WALL})
    assert b"10461.27" in client.get("/api/state").data
