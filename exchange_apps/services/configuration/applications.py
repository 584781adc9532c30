"""Token exchange apps and their keys."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from pathlib import Path as FilePath

from exchange_apps.domain.ip_ranges import IPAllowlist
from exchange_apps.domain.jwk import JWKSet, JWKSetError
from exchange_apps.domain.key_set_document import MOST_DOCUMENT_BYTES
from exchange_apps.models import ExchangeApplication, Organization
from exchange_apps.services.applications import APPLICATION, delete_application, follow_uri, save_application
from exchange_apps.services.configuration.clashes import Entry
from exchange_apps.services.configuration.outcome import Action, EntryOutcome
from exchange_apps.services.configuration.problems import Path
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
        row = stored.get(name) or ExchangeApplication(organization=organization, name=name)
        outcomes.append(_apply_application(run, row, entry, path, known_scopes))
    return outcomes


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
        _check_scopes(run, entry.get(key, ()), (*path, key), known_scopes)
        setattr(application, key, sorted(set(getattr(application, key))))
    for key in ("exchange_allowed_ips", "token_allowed_ips"):
        check_addresses(run, entry.get(key, ()), (*path, key))
    _check_client_id(run, application, path)
    if (keys := _read_keys(run, entry, path)) is not None:
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


def _check_scopes(run: Run, names: list[str], path: Path, known: set[str]) -> None:
    for index, name in enumerate(names):
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"; did you mean {close[0]}?" if close else "."
            run.problems.add((*path, index), f"There is no scope {name[:64]!r}{hint}")


def check_addresses(run: Run, ranges: list[str], path: Path) -> None:
    """Name each bad entry of an address list in its place."""
    for index, entry in enumerate(ranges):
        try:
            IPAllowlist.parse([entry])
        except ValueError as error:
            run.problems.add((*path, index), str(error).removeprefix("Line 1: "))


def _check_client_id(run: Run, application: ExchangeApplication, path: Path) -> None:
    others = ExchangeApplication.objects.filter(client_id=application.client_id).exclude(pk=application.pk)
    if others.exists():
        run.problems.add((*path, "client_id"), "Another app has this client id already.")


def _read_keys(run: Run, entry: Entry, path: Path) -> JWKSet | None:
    """The keys as given in the file or beside it; every problem of the set goes to its own place."""
    place = (*path, "jwks_file") if "jwks_file" in entry else (*path, "jwks")
    try:
        if "jwks_file" in entry:
            return JWKSet.parse(_read_file(run.folder / entry["jwks_file"]))
        return JWKSet.parse(entry["jwks"]) if "jwks" in entry else None
    except JWKSetError as error:
        for problem in error.problems:
            if place[-1] == "jwks":
                run.problems.add((*place, *_steps(problem.path)), problem.message)
            else:
                run.problems.add(place, str(problem))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the path is no file name"
        run.problems.add(place, f"The file {entry['jwks_file'][:200]!r} cannot be read: {reason}.")
    return None


def _read_file(path: FilePath) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_DOCUMENT_BYTES + 1)


def _steps(path: str) -> Path:
    """`keys[1]`, as the key set's problems say it, in our steps."""
    name, _, index = path.partition("[")
    return (name, int(index.rstrip("]"))) if index else (name,) if name else ()
