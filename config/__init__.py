"""Settings, addresses and wiring. Importing it makes Celery's app the one that `shared_task` binds to."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
