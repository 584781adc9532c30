"""What gunicorn serves."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer.settings")

from django.core.wsgi import get_wsgi_application  # the settings must be named first

application = get_wsgi_application()
