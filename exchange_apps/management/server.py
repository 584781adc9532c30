"""The production web server: granian with its workers, started by `serve` and `run`, ended within five seconds."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from exchange_apps.management.background import background_jobs

DEFAULT_HOST = "127.0.0.1"
DEFAULT_THREADS = 8
_LONGEST_IDLE_SECONDS = 600  # the most granian takes: a thread that ends takes its database connection along
_END_WITHIN_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Listener:
    """Where to listen, and with how many processes of how many threads."""

    host: str
    port: int
    workers: int
    threads: int

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def listener(*, host: str, port: int, workers: int | None, threads: int, **_: Any) -> Listener:
    """From the arguments of `add_listener_arguments`."""
    # One writer at a time is all SQLite has; with PostgreSQL there is work for each core
    default_workers = 1 if connection.vendor == "sqlite" else os.cpu_count() or 1
    return Listener(host, port, workers or default_workers, threads)


def check_port_is_free(host: str, port: int) -> None:
    """Raises CommandError when nothing can listen there.

    The workers share their port between them, so granian itself would quietly join another server on it.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror as error:
        raise CommandError(f"--host {host} is no address of this machine: {error.strerror}.") from error
    except OSError as error:
        raise CommandError(
            f"Port {port} on {host} cannot be used ({error.strerror}). Choose another with PORT, for example PORT=9000."
        ) from error


def check_database_answers() -> None:
    """Raises CommandError when it does not."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise CommandError(f"The database does not answer: {str(error).splitlines()[0]}") from error


def check_database_is_migrated() -> None:
    """Raises CommandError when the database does not answer or lacks migrations."""
    check_database_answers()
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise CommandError(
            f"{len(missing)} database migrations are not applied. Run manage.py migrate first, then start again."
        )


def serve_forever(at: Listener, *, on_listening: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; raises CommandError before that, when it cannot start."""
    check_port_is_free(at.host, at.port)
    check_database_is_migrated()
    for command in settings.BEFORE_SERVING:
        call_command(command, verbosity=0)
    connections.close_all()  # the workers are forks: none may inherit a connection
    server = Server(
        settings.WSGI_APPLICATION,
        address=socket.getaddrinfo(at.host, at.port, type=socket.SOCK_STREAM)[0][4][0],  # type: ignore[arg-type]
        port=at.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=at.workers,
        blocking_threads=at.threads,
        blocking_threads_idle_timeout=_LONGEST_IDLE_SECONDS,
        respawn_failed_workers=True,
        workers_kill_timeout=_END_WITHIN_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig=_through_our_logs(),
    )
    ignores_hangup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

    def started() -> None:
        # granian would reload at SIGHUP, which a closing terminal sends, and would live on without its terminal
        signal.signal(signal.SIGHUP, signal.SIG_IGN if ignores_hangup else server.signal_handler_interrupt)
        on_listening()

    server.on_startup(started)
    with background_jobs():
        server.serve(target_loader=load_application, wrap_loader=False)


def load_application() -> Any:
    """The WSGI application, in a worker."""
    # Ctrl-C reaches the whole process group. Only the first process acts on it and ends the workers in order
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # Requests are short and often wait for the database; at the usual 5 ms each such wait ends behind others' work
    sys.setswitchinterval(0.0005)
    application = import_string(settings.WSGI_APPLICATION)
    # What is loaded stays: without this the collector goes through all of it again, 80 ms in the middle of a request
    gc.collect()
    gc.freeze()
    return application


def _through_our_logs() -> dict[str, Any]:
    """granian's loggers hand their records to the handlers that config/logs.py set up."""
    loggers = {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")}
    return {"version": 1, "disable_existing_loggers": False, "incremental": False, "handlers": {}, "loggers": loggers}
