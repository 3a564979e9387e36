"""Signing in and out: one form, from our own page, a few times, and nowhere else afterwards."""

import re
import threading
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from keyfiles import PHRASE, WALL, KeyFiles, bearer, hash_cheaply
from werkzeug.test import TestResponse

from dash_app.keys.attempts import ALTOGETHER, PER_ADDRESS, PER_USER, Attempts
from dash_app.keys.keyring import Keyring
from dash_app.keys.passwords import Busy, Passwords

FIELD = re.compile(r'name="form" value="([^"]+)"')


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return KeyFiles(tmp_path).write_all()


@pytest.fixture
def client(keys: KeyFiles) -> FlaskClient:
    return keys.client()


def form_of(client: FlaskClient, path: str = "/login") -> str:
    found = FIELD.search(client.get(path).text)
    assert found
    return found[1]


def sign_in(
    client: FlaskClient, phrase: str = PHRASE, name: str = "alice", peer: str = "", **more: str
) -> TestResponse:
    """Fill in the form and send it."""
    fields = {"form": form_of(client), "name": name, "password": phrase, **more}
    return client.post("/login", data=fields, environ_overrides={"REMOTE_ADDR": peer} if peer else {})


def test_right_password_signs_in(client: FlaskClient) -> None:
    answer = sign_in(client, view="kiosk=1&tz=UTC")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?kiosk=1&tz=UTC")
    assert "hedge-user-8050=alice:" in answer.headers["Set-Cookie"]
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert PHRASE not in str(answer.headers)
    assert client.get("/api/state").status_code == 200
    assert client.get("/login?view=kiosk%3D1").headers["Location"] == "/?kiosk=1"


@pytest.mark.parametrize("name", ["alice", "bob", "", "alice' OR 1=1", "a" * 2000, "<b>", "álice", "alice\x00"])
def test_wrong_name_and_wrong_password_are_told_alike(client: FlaskClient, name: str) -> None:
    answer = sign_in(client, "wrong", name)
    assert answer.status_code == 401
    assert re.findall(r'role="alert">([^<]+)<', answer.text) == ["Wrong name or password."]
    assert "<b>" not in answer.text
    assert client.get("/api/state").status_code == 401


def test_unknown_user_costs_as_much() -> None:
    """With hashes of the usual price, in processor time of this thread."""
    spent = {}
    keyring = Keyring({"alice": "scrypt:32768:8:1$abcdefgh$" + "0" * 128})
    for name in ("alice", "nobody"):
        before = time.thread_time()
        assert not Passwords().check(keyring, name, "wrong")
        spent[name] = time.thread_time() - before
    assert spent["nobody"] > spent["alice"] / 4 > 0.002


def test_name_is_the_user_s_even_with_spaces_around(client: FlaskClient) -> None:
    assert sign_in(client, name=" alice ").status_code == 303
    assert sign_in(client.application.test_client(), PHRASE + " ").status_code == 401


# --- where one comes from and goes to --------------------------------------------------------------------------------


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
    "next=//evil.invalid&view=https://evil.invalid",
    "a" * 1500,
    "&".join(["a=1"] * 100),
]


@pytest.mark.parametrize("view", VIEWS)
def test_signing_in_leads_to_the_page_and_nowhere_else(client: FlaskClient, view: str) -> None:
    for answer in (
        sign_in(client, view=view, next=view),
        client.get("/login", query_string={"view": view, "next": view}),
    ):
        assert answer.status_code == 303
        assert re.fullmatch(r"/(\?[\w.=&%+-]*)?", answer.headers["Location"]), answer.headers["Location"]
        assert "X" not in answer.headers


def test_pages_stay_below_their_prefix(keys: KeyFiles) -> None:
    client = keys.client(HEDGE_PREFIX="/hedge/")
    sent = client.get("/", query_string={"kiosk": "1"}, headers={"Accept": "text/html"})
    assert sent.headers["Location"] == "/hedge/login?view=kiosk%3D1"
    for path in ("/login", "/logout"):
        links = re.findall(r'(?:href|src|action)="([^"]*)"', client.get(path).text)
        assert [link for link in links if not link.startswith(("/hedge/", "data:"))] == []
    assert "; Path=/hedge/;" in client.application.test_client().get("/login").headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/login", "/logout"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.invalid"},
        {"Origin": "null"},
        {"Origin": "http://[oops"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_form_of_another_site_is_refused(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    fields = {"form": form_of(client, path), "name": "alice", "password": PHRASE}
    assert client.post(path, data=fields, headers=headers).status_code == 400
    assert client.post(path, data=fields, headers={"Origin": "http://localhost"}).status_code == 303


def test_form_needs_its_own_cookie(client: FlaskClient) -> None:
    other = client.application.test_client()
    fields = {"form": form_of(other), "name": "alice", "password": PHRASE}
    assert client.post("/login", data=fields).status_code == 400
    form_of(client)
    assert client.post("/login", data=fields).status_code == 400
    assert client.post("/login", data={**fields, "form": ""}).status_code == 400
    assert client.post("/login", json={**fields, "form": form_of(client)}).status_code == 400
    assert client.post("/login", data={**fields, "form": form_of(client), "pad": "x" * 5000}).status_code == 400


# --- out -------------------------------------------------------------------------------------------------------------


def test_signing_out_ends_this_session_and_no_wall(client: FlaskClient) -> None:
    sign_in(client)
    assert client.get("/logout").status_code == 200
    assert client.get("/api/state").status_code == 200  # a link alone signs nobody out
    answer = client.post("/logout", data={"form": form_of(client, "/logout")})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "hedge-user-8050=;" in answer.headers["Set-Cookie"]
    assert client.get("/api/state").status_code == 401
    client.get(f"/?key={WALL}")
    client.post("/logout", data={"form": form_of(client, "/logout")})
    assert client.get("/api/state").status_code == 200


# --- how often -------------------------------------------------------------------------------------------------------


def test_address_is_limited_and_told_when_to_come_again(client: FlaskClient) -> None:
    said = [sign_in(client, "wrong", f"user{index}").status_code for index in range(PER_ADDRESS.burst + 2)]
    assert said == [401] * PER_ADDRESS.burst + [429] * 2
    answer = sign_in(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= PER_ADDRESS.every_s + 1
    assert "Too many attempts" in answer.text
    assert client.get("/api/state", headers=bearer(WALL)).status_code == 200
    assert sign_in(client.application.test_client(), peer="10.0.0.9").status_code == 303


def test_user_is_limited_from_wherever(client: FlaskClient) -> None:
    said = [sign_in(client, "wrong", peer=f"10.0.{index}.1").status_code for index in range(PER_USER.burst + 1)]
    assert said == [401] * PER_USER.burst + [429]
    assert sign_in(client, "wrong", "bob", peer="10.0.99.1").status_code == 401


def test_right_passwords_are_not_counted(client: FlaskClient) -> None:
    said = [sign_in(client.application.test_client()).status_code for _ in range(PER_USER.burst + 5)]
    assert said == [303] * (PER_USER.burst + 5)


def test_all_together_are_limited() -> None:
    attempts = Attempts()
    waits = [attempts.take(f"10.{index}.0.1", f"user{index}") for index in range(ALTOGETHER.burst + 1)]
    assert waits[-1] > 0
    assert waits.count(0.0) >= ALTOGETHER.burst - 1  # two may share a slot


def test_address_behind_a_trusted_proxy_is_the_client_s(keys: KeyFiles) -> None:
    client = keys.client(HEDGE_TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8")
    page = form_of(client)
    fields = {"form": page, "name": "x", "password": "wrong"}
    for index in range(PER_ADDRESS.burst):
        said = {"X-Forwarded-For": f"1.2.3.{index}, 9.9.9.9, 10.0.0.7"}
        assert client.post("/login", data={**fields, "name": f"u{index}"}, headers=said).status_code == 401
    again = {"X-Forwarded-For": "8.8.8.8, 9.9.9.9"}
    assert client.post("/login", data=fields, headers=again).status_code == 429
    other = {"X-Forwarded-For": "9.9.9.9, 8.8.8.8"}
    assert client.post("/login", data=fields, headers=other).status_code == 401


def test_network_of_one_ipv6_client_is_one_address(client: FlaskClient) -> None:
    said = [
        sign_in(client, "wrong", f"u{index}", f"2001:db8::{index}").status_code
        for index in range(PER_ADDRESS.burst + 1)
    ]
    assert said[-1] == 429


def test_one_password_at_a_time() -> None:
    keyring = Keyring({"alice": "scrypt:131072:8:1$abcdefgh$" + "0" * 128})
    passwords = Passwords()
    busy, wrong = [], []

    def check() -> None:
        try:
            wrong.append(passwords.check(keyring, "alice", "wrong"))
        except Busy:
            busy.append(1)

    threads = [threading.Thread(target=check) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(busy) + len(wrong) == 8
    assert busy
    assert not any(wrong)


def test_hash_that_cannot_be_computed_lets_nobody_in() -> None:
    keyring = Keyring({"alice": hash_cheaply(PHRASE).replace("1024:8:1", "1000:8:1")})
    assert not Passwords().check(keyring, "alice", PHRASE)
