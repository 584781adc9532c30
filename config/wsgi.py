"""The WSGI application that `manage.py serve` and any other WSGI server run."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from config.machine_endpoints import MachineFirst  # noqa: E402 - its views need Django set up

application = MachineFirst(django_application)

if settings.REDIS_URL:
    import redis  # noqa: F401 - commands do without, but here the first request would wait for it
