"""Creates the tables, the one client and the one person: ``python -m peer.setup``."""

import json
import os

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer.settings")
    django.setup()

    from django.core.management import call_command

    from peer.models import Client, Person
    from peer.settings import CONFIG

    call_command("migrate", run_syncdb=True, verbosity=0)
    Person.objects.create(email=CONFIG["email"])
    Client.objects.create(
        client_id=CONFIG["client_id"],
        jwks=json.dumps(CONFIG["jwks"]),
        scope=CONFIG["scope"],
        organization=CONFIG["audience"],
    )
