"""Members: the person, who is one user in all organizations, and the membership in this one."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from exchange_apps.domain.problems import Path
from exchange_apps.models import Membership, Organization, Role, User
from exchange_apps.services.configuration.clashes import Entry
from exchange_apps.services.configuration.outcome import Action, Changes, EntryOutcome
from exchange_apps.services.configuration.run import Run, shown_before
from exchange_apps.services.organizations import (
    MEMBERSHIP,
    USER,
    remove_membership,
    save_membership,
    save_user,
    set_password,
)

_USER_FIELDS = {"name": "name", "email_verified": "email_verified"}
_MEMBERSHIP_FIELDS = {"role": "role", "active": "active"}
_SHOWN = {*_USER_FIELDS, *_MEMBERSHIP_FIELDS, "email"}


def apply_members(run: Run, organization: Organization, found: list[tuple[Path, Entry]]) -> list[EntryOutcome]:
    """In the order of the file, but owners are made before others stop being owners."""
    stored = {row.user.email: row for row in organization.memberships.select_related("user")}
    order = sorted(range(len(found)), key=lambda index: not _will_own(found[index][1]))
    outcomes = {}
    for index in order:
        path, entry = found[index]
        outcomes[index] = _apply_member(run, organization, stored.get(_email(entry)), entry, path)
    return [outcomes[index] for index in sorted(outcomes)]


def prune_members(
    run: Run, organization: Organization, found: list[tuple[Path, Entry]], path: Path
) -> list[EntryOutcome]:
    named = {_email(entry) for _, entry in found}
    outcomes = []
    for row in organization.memberships.select_related("user").order_by("user__email"):
        if row.user.email in named:
            continue
        outcome = EntryOutcome("member", _names(run, row), Action.DELETED, {})
        if run.attempt((*path, "members"), partial(remove_membership, row, author=run.author)):
            outcomes.append(outcome)
    return outcomes


def _email(entry: Entry) -> str:
    """Empty where the schema refused it: the entry is looked at all the same, and not saved."""
    return str(entry.get("email", "")).lower()


def _will_own(entry: Entry) -> bool:
    return entry.get("role") == Role.OWNER and entry.get("active", True)


def _apply_member(
    run: Run, organization: Organization, stored: Membership | None, entry: Entry, path: Path
) -> EntryOutcome:
    email = _email(entry)
    user = stored.user if stored else User.objects.filter(email=email).first() or User(email=email)
    user_action, user_changes = _apply_user(run, user, entry, path)
    membership = stored or Membership(organization=organization, user=user)
    before = shown_before(membership, MEMBERSHIP)
    run.fill(membership, entry, _MEMBERSHIP_FIELDS)
    action, changes = run.finish(
        membership, MEMBERSHIP, before, partial(save_membership, membership, author=run.author), path
    )
    if action is Action.UNCHANGED and user_action is not Action.UNCHANGED:
        action = Action.UPDATED
    shown = {name: change for name, change in {**user_changes, **changes}.items() if name in {*_SHOWN, "password"}}
    return EntryOutcome("member", _names(run, membership), action, shown)


def _names(run: Run, membership: Membership) -> dict[str, str | None]:
    return {
        "email": membership.user.email,
        "uuid": run.shown_id(membership.user.pk),
        "role": membership.role,
    }


def _apply_user(run: Run, user: User, entry: Entry, path: Path) -> tuple[Action, Changes]:
    before = shown_before(user, USER)
    run.begin(user, entry, path)
    run.fill(user, entry, _USER_FIELDS)
    password = _wanted_password(run, user, entry, path)
    if user._state.adding:
        user.set_password(password)
    action, changes = run.finish(user, USER, before, partial(save_user, user, author=run.author), path)
    if password is None:
        return action, changes
    if action is not Action.CREATED and not run.problems.touch(path):
        set_password(user, password, author=run.author)
        action = Action.UPDATED
    return action, {**changes, "password": {"before": None, "after": "set"}}


def _wanted_password(run: Run, user: User, entry: Entry, path: Path) -> str | None:
    """The password to set; None when there is none to set, or when the user has it already."""
    variable = entry.get("password_env")
    if variable is None:
        return None
    password = run.environment.get(variable, "")
    if not password:
        run.problems.add((*path, "password_env"), f"The environment variable {variable} is not set.")
        return None
    if not user._state.adding and user.check_password(password):
        return None
    try:
        validate_password(password, user)
    except ValidationError as error:
        run.problems.add((*path, "password_env"), f"The password in {variable}: {' '.join(error.messages)}")
        return None
    return password
