"""Who is told what over HTTP, and which settings would tell the world."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from bridge.app import read_settings
from bridge.daemon import serve
from bridge.errors import SettingsError
from bridge.monitoring.monitor import Monitor
from bridge.web import monitoring
from bridge.web.listener import listening
from tests.flow.world import STORE, world
from tests.monitoring.scrape import read
from tests.settings.conftest import Load, Mistakes, load_text, mistakes
from tests.web.shop import ANY_PORT

__all__ = ["load_text", "mistakes"]

TOKEN = "tökens-are-text"
RIGHT = f"Bearer {TOKEN}"


@pytest.fixture
async def addresses(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Two listeners over one bridge: one asks for a token, the other for none."""
    async with world(tmp_path) as w:
        await w.cycle()
        it = Monitor(lambda: {STORE: timedelta(minutes=1)}, w.clock.now)
        async with (
            it.at_work(),
            listening(ANY_PORT, monitoring.routes(it, lambda: TOKEN)) as closed,
            listening(ANY_PORT, monitoring.routes(it, lambda: None)) as open_,
        ):
            yield {"closed": closed, "open": open_}


ASKED = [
    ("open", "GET", "/livez", None, 200),
    ("open", "GET", "/readyz", None, 200),
    ("open", "GET", "/metrics", None, 200),
    ("open", "HEAD", "/metrics", None, 200),
    ("open", "GET", "/metrics", "Bearer whatever", 200),
    ("open", "POST", "/metrics", None, 405),
    ("open", "DELETE", "/livez", None, 405),
    ("open", "GET", "/metrics/", None, 404),
    ("open", "GET", "/", None, 404),
    ("closed", "GET", "/livez", None, 200),
    ("closed", "GET", "/metrics", RIGHT, 200),
    ("closed", "GET", "/readyz", RIGHT, 200),
    ("closed", "GET", "/readyz", f"bearer  {TOKEN}", 200),
    ("closed", "GET", "/metrics", None, 401),
    ("closed", "GET", "/readyz", None, 401),
    ("closed", "HEAD", "/metrics", None, 401),
    ("closed", "GET", "/metrics", "", 401),
    ("closed", "GET", "/metrics", "Bearer", 401),
    ("closed", "GET", "/metrics", "Bearer another", 401),
    ("closed", "GET", "/metrics", RIGHT[:-1], 401),
    ("closed", "GET", "/metrics", f"{RIGHT}x", 401),
    ("closed", "GET", "/metrics", f"Basic {TOKEN}", 401),
    ("closed", "GET", "/metrics", TOKEN, 401),
    ("closed", "GET", f"/metrics?token={TOKEN}", None, 401),
]


async def test_who_asks_gets_what_the_token_allows(addresses: dict[str, str]) -> None:
    got = []
    async with aiohttp.ClientSession() as session:
        for where, method, path, shown, _ in ASKED:
            headers = {} if shown is None else {"Authorization": shown}
            async with session.request(method, addresses[where] + path, headers=headers) as answer:
                text = await answer.text()
                got.append((where, method, path, shown, answer.status))
                assert "Server" not in answer.headers
                assert (answer.headers.get("WWW-Authenticate") == "Bearer") == (answer.status == 401)
                if answer.status != 200:
                    assert len(text) < 30
                    assert not [word for word in (TOKEN, "Traceback", "aiohttp", STORE) if word in text]
    assert got == ASKED


async def test_life_says_nothing_but_that(addresses: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{addresses['closed']}/livez") as answer:
        assert await answer.text() == "OK\n"


async def test_metrics_are_well_formed_in_either_form(addresses: dict[str, str]) -> None:
    forms = {"": "text/plain", "application/openmetrics-text; version=1.0.0": "application/openmetrics-text"}
    names = []
    async with aiohttp.ClientSession() as session:
        for accepted, form in forms.items():
            async with session.get(f"{addresses['open']}/metrics", headers={"Accept": accepted}) as answer:
                assert answer.content_type == form
                text = await answer.text()
            families = text_string_to_metric_families(text) if accepted else read(text).families  # type: ignore[no-untyped-call]
            names.append({family.name for family in families})
    assert names[0] == names[1]
    assert "wc_bridge_database_up" in names[0]


EXPOSED = ["0.0.0.0:8787", "[::]:8787", "192.0.2.7:80", "shop.example:8787", "[2001:db8::1]:8787"]


@pytest.mark.parametrize("listen", EXPOSED)
def test_listener_off_loopback_needs_a_token(mistakes: Mistakes, load_text: Load, listen: str) -> None:
    [line] = mistakes(f"web:\n  listen: '{listen}'\n")
    assert line == (
        f"settings.yaml:2:11: web.listen: {listen} is reached from elsewhere: set `web.token`, a secret that "
        "whoever asks for metrics and readiness must show, or listen on 127.0.0.1"
    )
    assert load_text(f"web: {{listen: '{listen}', token: x}}\n").web.listen == listen


@pytest.mark.parametrize("listen", ["127.0.0.1:8787", "127.8.8.8:80", "'[::1]:8787'", "localhost:8787", "null"])
def test_listener_on_loopback_needs_none(load_text: Load, listen: str) -> None:
    assert load_text(f"web: {{listen: {listen}}}\n").web.token is None


async def test_token_that_can_not_be_read_ends_the_daemon_at_its_start(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(f"database: sqlite://{tmp_path}/b.sqlite3\nweb: {{token: {{file: {tmp_path}/none}}}}\n")
    with pytest.raises(SettingsError, match=r"web\.token\.file: the file .*/none can't be read"):
        await serve(read_settings(path))
    assert not (tmp_path / "b.sqlite3").exists()
