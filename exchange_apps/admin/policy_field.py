"""A trust policy as text in a form."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from exchange_apps.domain.problems import Problems
from exchange_apps.domain.trust_policy import PolicyRefused, parse_policy
from exchange_apps.domain.yaml_values import NotYAML, read_yaml
from exchange_apps.domain.yaml_writing import write_yaml
from exchange_apps.models import Scope


class PolicyField(forms.CharField):
    """YAML or JSON; the value is the policy's plain values. Every fault is told with its line and column."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)
        self.widget.attrs |= {"rows": 14, "class": "code policy-text", "spellcheck": "false", "wrap": "off"}

    def prepare_value(self, value: Any) -> Any:
        return write_yaml(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        text = with_plain_line_ends(super().clean(value))
        try:
            policy, document, places = parse_policy(text)
        except PolicyRefused as refused:
            raise ValidationError(refused.sentences()) from None
        known = set(Scope.objects.values_list("name", flat=True))
        problems = Problems()
        for number, statement in enumerate(policy.statements):
            for place, name in enumerate(document[number]["scopes"]):
                if name in statement.scopes and name not in known:
                    close = get_close_matches(name, known, 1)
                    hint = _(" Did you mean %s?") % close[0] if close else ""
                    problems.add((number, "scopes", place), _("There is no scope “%s”.") % name + hint)
        if problems:
            raise ValidationError(PolicyRefused(problems, places).sentences())
        return document

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True  # the service compares


def values_in(text: str) -> Any:
    """The plain values of a policy's text, good or not; None where it cannot be read at all."""
    try:
        return read_yaml(with_plain_line_ends(text), Problems(), what=_("The policy"))
    except NotYAML:
        return None


def with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n")
