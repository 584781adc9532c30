"""One line per log record: readable on a terminal, JSON everywhere else. Never a credential: nobody passes one."""

import logging.config
from collections.abc import MutableMapping
from typing import Any

import structlog

from audit.origin import current_request_id


def _name_request(_logger: object, _method: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if request_id := current_request_id.get():
        record["request_id"] = request_id
    return record


def configure(options: dict[str, Any]) -> None:
    """Called by Django with `settings.LOGGING`; the standard library logs, structlog renders."""
    renderer = (
        structlog.dev.ConsoleRenderer()
        if options["format"] == "console"
        else structlog.processors.JSONRenderer(sort_keys=True)
    )
    shared = [
        _name_request,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                # A 4xx is an answer, not news; the audit log holds the refusals that matter.
                "django.request": {"level": "ERROR"},
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                # A dozen jobs a minute that begin and end as they should are none either.
                "celery": {"level": "WARNING"},
                "kombu.connection": {"level": "ERROR"},
            },
        }
    )
