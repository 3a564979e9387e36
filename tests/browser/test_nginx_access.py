"""Who gets in through nginx: walls by token, people by a password that nginx has, nobody by a header of his own."""

import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyfiles import WALL, KeyFiles, bearer
from nginx import OPENSSL, Site, needs_nginx, serving_site
from serving import ROOT, wait_until

pytestmark = needs_nginx

AS_USER = {"X-Remote-User": "alice"}
PHRASE = "correct horse battery"


def basic(name: str, password: str) -> dict[str, str]:
    """How a browser shows a name and a password."""
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return KeyFiles(tmp_path_factory.mktemp("keys")).write_all()


@pytest.fixture(scope="module")
def walls(tmp_path_factory: pytest.TempPathFactory, keys: KeyFiles) -> Iterator[Site]:
    """The site as it is, with a dashboard that would believe it a name."""
    told = keys.environ(HEDGE_USER_HEADER="X-Remote-User")
    with serving_site(tmp_path_factory.mktemp("walls"), told) as site:
        yield site


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with deploy/nginx/basic-auth.conf, without tokens."""
    root = tmp_path_factory.mktemp("people")
    command = [str(OPENSSL), "passwd", "-apr1", PHRASE]
    hashed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    (root / "hedge.htpasswd").write_text(f"alice:{hashed}\n")
    told = KeyFiles(root).environ(HEDGE_USER_HEADER="X-Remote-User") | {"HEDGE_TOKENS_FILE": ""}
    with serving_site(root, told, ROOT / "deploy" / "nginx" / "basic-auth.conf") as site:
        yield site


def test_nobody_gets_in_by_a_header_of_his_own(walls: Site) -> None:
    """nginx puts its own in its place, an empty one included."""
    assert walls.ask("/hedge/api/state").status == 401
    assert walls.ask("/hedge/api/state", AS_USER).status == 401
    assert walls.ask("/hedge/api/state", AS_USER | {"X-Forwarded-Proto": "http"}).status == 401
    assert walls.ask("/hedge/api/state", bearer(WALL)).status == 200


@pytest.mark.parametrize("name", ["token", "key"])
def test_wall_enters_by_its_token_with_a_cookie_for_tls_and_this_path(walls: Site, name: str) -> None:
    """And stays in by it."""
    answer = walls.ask(f"/hedge/?kiosk=1&{name}={WALL}")
    assert (answer.status, answer.location) == (303, "/hedge/?kiosk=1")
    cookie, *about = str(answer.headers.getheader("Set-Cookie")).split("; ")
    assert {"Secure", "HttpOnly", "Path=/hedge/", "SameSite=Lax"} <= set(about)
    assert cookie.startswith("__Secure-hedge-")
    assert walls.ask("/hedge/api/state", {"Cookie": cookie}).status == 200
    assert walls.ask("/hedge/api/state", {"Cookie": cookie.removeprefix("__Secure-")}).status == 401


@pytest.mark.parametrize(
    ("headers", "answered"),
    [
        ({}, 401),
        (AS_USER, 401),
        (basic("alice", "wrong"), 401),
        (basic("alice", "wrong") | AS_USER, 401),
        (basic("bob", PHRASE), 401),
        (basic("", ""), 401),
        (bearer(WALL), 401),
        (basic("alice", PHRASE), 200),
        (basic("alice", PHRASE) | {"X-Remote-User": "a, b"}, 200),
    ],
)
def test_people_sign_in_at_nginx(people: Site, headers: dict[str, str], answered: int) -> None:
    """The dashboard takes the name that nginx has checked."""
    for path in ("/hedge/", "/hedge/api/state"):
        answer = people.ask(path, headers)
        assert answer.status == answered
        assert ("10461.27" in answer.text) == (answered == 200 and path.endswith("state"))


def test_sign_of_life_needs_no_password(people: Site) -> None:
    """A supervisor has none."""
    assert people.ask("/hedge/healthz").status == 200


def test_nobody_gets_in_while_the_service_that_knows_people_is_gone(tmp_path: Path) -> None:
    """deploy/nginx/oidc.conf as it stands, with nothing at its port."""
    told = KeyFiles(tmp_path).environ(HEDGE_USER_HEADER="X-Remote-User") | {"HEDGE_TOKENS_FILE": ""}
    with serving_site(tmp_path, told, ROOT / "deploy" / "nginx" / "oidc.conf") as site:
        answers = [site.ask(path, AS_USER).status for path in ("/hedge/", "/hedge/api/state", "/oauth2/start")]
        assert answers == [500, 500, 502]
        assert site.ask("/hedge/healthz").status == 200


def test_no_token_is_in_a_log_of_nginx_or_the_dashboard(walls: Site) -> None:
    """Nor while the dashboard is gone, when nginx writes each request down."""
    for path in (f"/hedge/?token={WALL}", f"/hedge/?key={WALL}"):
        walls.ask(path)
        walls.ask(path, tls=False)
    assert walls.dashboard.stop() == 0
    wait_until(lambda: walls.ask("/hedge/api/state").status == 502)
    assert walls.ask(f"/hedge/?token={WALL}").status == 502
    logs = {path.name: path.read_text() for path in walls.root.glob("*.log")}
    assert {"hedge.log", "error.log", "gunicorn.log"} <= set(logs)
    assert "/hedge/api/state" in logs["error.log"]
    assert [name for name, text in logs.items() if WALL in text] == []
