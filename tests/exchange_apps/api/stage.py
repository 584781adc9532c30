"""One row of each kind in an organization, and every address of the API that names one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from audit.actions import AuditAction
from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from audit.recorder import record_event
from exchange_apps.models import ApplicationKey, Invitation, MintedToken, Organization, Role
from oidc_issuer.models import Cluster, Job, Pipeline, Queue
from tests import factories
from tests.keys import jwks

AN_APP: dict[str, Any] = {"name": "new", "jwks": jwks("deploy-1"), "grantable_scopes": ["read_builds"]}


def fill(organization: Organization) -> dict[str, str]:
    """What addresses name: `{app}` and so on, each with the value it has here."""
    now = datetime.now(UTC)
    app = factories.make_application(organization, "staged", default_scopes=[])
    gone = factories.make_application(organization, "gone", enabled=False, deleted_at=now)
    key = ApplicationKey.objects.create(application=app, kid="deploy-1", thumbprint="t", label="RSA")
    member = factories.make_member(organization, f"staged@{organization.slug}.test")
    invitation = Invitation.objects.create(
        organization=organization,
        email=f"guest@{organization.slug}.test",
        digest=organization.pk.bytes * 2,
        expires_at=now + timedelta(days=7),
    )
    token = MintedToken.objects.create(
        organization=organization,
        application=app,
        user=member,
        digest=b"t" + organization.pk.bytes,
        last_four="abcd",
        key_id="deploy-1",
        scopes=["read_builds"],
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )
    cluster = Cluster.objects.create(organization=organization, name="staged")
    queue = Queue.objects.create(cluster=cluster, key="staged")
    pipeline = Pipeline.objects.create(organization=organization, slug="staged", name="Staged")
    job = Job.objects.create(
        organization=organization,
        pipeline=pipeline,
        token_digest=b"j" + organization.pk.bytes,
        build_id=organization.pk,
        build_number=1,
        build_branch="main",
        build_commit="abc",
        build_source="api",
        agent_id=organization.pk,
        started_at=now,
        expires_at=now + timedelta(hours=1),
    )
    provider = factories.make_provider(organization, "staged")
    rows = {"app_id": app, "key_id": key, "invitation_id": invitation, "token_id": token, "provider_id": provider}
    rows |= {"cluster_id": cluster, "queue_id": queue, "pipeline": pipeline, "job_id": job, "user_id": member}
    ids = {name: str(row.pk) for name, row in rows.items()}
    event = record_event(
        AuditAction.CLUSTER_CREATED,
        occurred_at=now,
        organization=organization.ref(),
        actor=SYSTEM,
        origin=RequestOrigin.command("stage"),
    )
    return ids | {"gone": str(gone.pk), "kind": "csv", "org": organization.slug, "event_id": str(event.pk)}


def bodies() -> dict[tuple[str, str], Any]:
    """A good body for each address that takes one, by method and address below the organization."""
    return {
        ("PATCH", ""): {"require_jti": True},
        ("PATCH", "/members/{user_id}"): {"role": Role.AUDITOR},
        ("POST", "/invitations"): {"email": "new@acme.test"},
        ("POST", "/token-exchange-apps"): AN_APP,
        ("PATCH", "/token-exchange-apps/{app_id}"): {"description": "x"},
        ("POST", "/token-exchange-apps/{app_id}/restore"): {},
        ("POST", "/pipelines"): {"slug": "new", "name": "New"},
        ("PATCH", "/pipelines/{pipeline}"): {"name": "Changed"},
        ("POST", "/clusters"): {"name": "new"},
        ("PATCH", "/clusters/{cluster_id}"): {"name": "changed"},
        ("POST", "/clusters/{cluster_id}/queues"): {"key": "new"},
        ("PATCH", "/identity-providers/{provider_id}"): {},
    }
