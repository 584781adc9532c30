"""The stage of the browser tests: Debian's Chromium, the product's own server, and windows for the cast.

Without Chromium they are skipped; BROWSER=required (as CI sets it) makes that an error. Keep them few and long:
starting a window costs more than opening a page.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from exchange_apps.models import User
from tests.browser.window import DESKTOP, Theme, Window, window
from tests.conftest import database_shared_in, running_server
from tests.ports import free_port

OpenWindow = Callable[..., Window]
# The first is Chromium without its windows, and takes two thirds of the time
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), "")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=15_000)  # as long as it takes on a machine that runs other tests beside

# Playwright's sync interface runs an event loop in this thread; the database is only used between its calls
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(os.path.dirname(__file__)):
            item.add_marker(pytest.mark.servers)
            item.add_marker(pytest.mark.xdist_group("browser"))  # two Chromiums on two cores are slower than one


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        if os.environ.get("BROWSER") == "required":
            pytest.fail("no chromium found")
        pytest.skip("no chromium here: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def database_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("portal") / "counterfoil.sqlite3"


@pytest.fixture(scope="session")
def server(database_file: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The product's server, one for all tests, on a database that each finds empty; its address is its PUBLIC_URL.

    What the server remembers from a former test goes by ids that no later row has, and by their versions.
    """
    port = free_port()
    public = f"http://localhost:{port}"
    with ExitStack() as running:
        with django_db_blocker.unblock(), database_shared_in(database_file) as database:
            running.enter_context(running_server(database, workers=1, threads=8, port=port, PUBLIC_URL=public))
        yield public


@pytest.fixture
def shared_database(transactional_db: None, database_file: Path) -> Iterator[str]:
    with database_shared_in(database_file) as address:
        yield address


@pytest.fixture
def portal(server: str, shared_database: str) -> str:
    for command in settings.BEFORE_SERVING:  # as the server has done in the database it began with
        call_command(command, verbosity=0)
    return server


@pytest.fixture
def open_window(chromium: Browser, portal: str) -> Iterator[OpenWindow]:
    """`open_window(user, theme="dark", width=PHONE)`: a window where that person is signed in; None: nobody."""
    with ExitStack() as opened:

        def open_one(user: User | None, *, theme: Theme = "light", width: int = DESKTOP) -> Window:
            return opened.enter_context(window(chromium, portal, user, theme, width))

        yield open_one
