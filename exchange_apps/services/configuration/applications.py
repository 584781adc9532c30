"""Token exchange apps and their keys."""

from __future__ import annotations

from functools import partial

from exchange_apps.domain.problems import Path
from exchange_apps.models import ExchangeApplication, Organization
from exchange_apps.services.application_states import restore_application
from exchange_apps.services.applications import APPLICATION, delete_application, follow_uri, save_application
from exchange_apps.services.configuration.clashes import Entry
from exchange_apps.services.configuration.entry_checks import check_addresses, check_scopes
from exchange_apps.services.configuration.key_entries import read_keys
from exchange_apps.services.configuration.outcome import Action, EntryOutcome
from exchange_apps.services.configuration.run import Run, shown_before

_FIELDS = {
    name: name
    for name in (
        "description",
        "client_id",
        "grantable_scopes",
        "default_scopes",
        "exchange_allowed_ips",
        "token_allowed_ips",
        "max_token_ttl",
        "max_assertion_lifetime",
        "enabled",
    )
}


def apply_applications(
    run: Run, organization: Organization, found: list[tuple[Path, Entry]], known_scopes: set[str]
) -> list[EntryOutcome]:
    stored = {row.name: row for row in organization.applications.all()}
    outcomes = []
    for path, entry in found:
        name = entry.get("name", "")  # none where the schema refused it: looked at all the same, and not saved
        row = stored.get(name) or _deleted_app(organization, entry)
        if row is None:
            row = ExchangeApplication(organization=organization, name=name)
        elif row.deleted_at is not None:
            run.attempt(path, partial(restore_application, row, name=name, author=run.author))
        outcomes.append(_apply_application(run, row, entry, path, known_scopes))
    return outcomes


def _deleted_app(organization: Organization, entry: Entry) -> ExchangeApplication | None:
    """The organization's own deleted app with this client id: named by a file again, it comes back."""
    gone = ExchangeApplication.with_deleted.filter(organization=organization).exclude(deleted_at=None)
    return gone.filter(client_id=entry.get("client_id", "")).first()


def prune_applications(
    run: Run, organization: Organization, found: list[tuple[Path, Entry]], path: Path
) -> list[EntryOutcome]:
    """Before the others are applied, so that a new app can take over the client id of an old one."""
    outcomes = []
    for row in organization.applications.exclude(name__in=[entry.get("name") for _, entry in found]):
        outcomes.append(EntryOutcome("token exchange app", _names(run, row), Action.DELETED, {}))
        run.attempt((*path, "token_exchange_apps"), partial(delete_application, row, author=run.author))
    return outcomes


def _apply_application(
    run: Run, application: ExchangeApplication, entry: Entry, path: Path, known_scopes: set[str]
) -> EntryOutcome:
    before = shown_before(application, APPLICATION)
    run.begin(application, entry, path)
    if application._state.adding and "client_id" not in entry:
        run.generated.add(application.client_id)
    if application._state.adding and "grantable_scopes" not in entry:
        run.problems.add((*path, "grantable_scopes"), "A new app needs at least one scope that it may grant.")
    run.fill(application, entry, _FIELDS)
    for key in ("grantable_scopes", "default_scopes"):
        check_scopes(run, entry.get(key, ()), (*path, key), known_scopes)
        setattr(application, key, sorted(set(getattr(application, key))))
    for key in ("exchange_allowed_ips", "token_allowed_ips"):
        check_addresses(run, entry.get(key, ()), (*path, key))
    _check_client_id(run, application, path)
    if (keys := read_keys(run, entry, path)) is not None:
        application.jwks, application.jwks_uri = keys.as_document(), ""
    if "jwks_uri" in entry:
        application.jwks, application.jwks_uri = None, entry["jwks_uri"]
    if not run.attempt(path, partial(follow_uri, application)):
        application.jwks_uri = ""  # it has no row now, and nothing more is to be said of it
    if run.problems.touch((*path, "grantable_scopes")):
        application.default_scopes = []  # nothing can be said of them now
    action, changes = run.finish(
        application, APPLICATION, before, partial(save_application, application, author=run.author), path
    )
    return EntryOutcome("token exchange app", _names(run, application), action, changes)


def _names(run: Run, application: ExchangeApplication) -> dict[str, str | None]:
    return {
        "name": application.name,
        "uuid": run.shown_id(application.pk),
        "client_id": run.shown_id(application.client_id),
    }


def _check_client_id(run: Run, application: ExchangeApplication, path: Path) -> None:
    others = ExchangeApplication.with_deleted.filter(client_id=application.client_id).exclude(pk=application.pk)
    if others.exists():
        run.problems.add((*path, "client_id"), "Another app has this client id already.")
