"""The choices of the federation assistant. They stand in the address, so that a page can be kept and passed on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.models import Organization
from oidc_issuer.claims import SUBJECT_CLAIMS
from oidc_issuer.federation import RefKind, Target, Trust, TrustedPipeline
from oidc_issuer.models import Cluster, Pipeline, Queue
from oidc_issuer.services.federation import allowed_audiences_of
from oidc_issuer.token_request import DEFAULT_LIFETIME, is_audience

_FEW_PIPELINES, _MOST_PIPELINES = 12, 500
_REF = RegexValidator(
    r"\A[\w./@+#=,%*-]{1,255}\Z", gettext_lazy("Use letters, digits, . / @ + # = , %% _ - and * for any text.")
)
_STEP = RegexValidator(r"\A[A-Za-z0-9_:-]{1,100}\Z", gettext_lazy("Use letters, digits and : _ - only."))
_TAGS = RegexValidator(r"\A[\w:./-]+(?:[ ,]+[\w:./-]+)*\Z", gettext_lazy("Name claims, with spaces between them."))
_CHOSEN = {"cluster_id": "cluster", "queue_id": "queue"}
_SUBJECTS = (
    ("", gettext_lazy("Composite: organization, pipeline, branch or tag, commit, step")),
    ("pipeline_id", gettext_lazy("Pipeline (pipeline_id)")),
    ("organization_id", gettext_lazy("Organization (organization_id)")),
    ("cluster_id", gettext_lazy("Cluster (cluster_id)")),
    ("queue_id", gettext_lazy("Queue (queue_id)")),
    ("agent_id", gettext_lazy("Agent (agent_id)")),
    ("build_id", gettext_lazy("Build (build_id)")),
    ("job_id", gettext_lazy("Job (job_id)")),
)
assert {value for value, _label in _SUBJECTS} == {"", *SUBJECT_CLAIMS}  # noqa: S101 - at import, for the next claim


class FederationForm(forms.Form):
    """Made for one organization and one target."""

    pipeline = forms.ModelMultipleChoiceField(
        Pipeline.objects.none(),
        label=gettext_lazy("Pipelines"),
        required=False,
        help_text=gettext_lazy("None: all of the organization."),
    )
    subject = forms.ChoiceField(label=gettext_lazy("Subject (sub)"), choices=_SUBJECTS, required=False)
    cluster = forms.ModelChoiceField(Cluster.objects.none(), label=gettext_lazy("Cluster"), required=False)
    queue = forms.ModelChoiceField(Queue.objects.none(), label=gettext_lazy("Queue"), required=False)
    identifier = forms.UUIDField(label=gettext_lazy("UUID of the agent, build or job"), required=False)
    ref_kind = forms.ChoiceField(
        label=gettext_lazy("Built from"),
        choices=(
            (RefKind.BRANCH.value, gettext_lazy("A branch")),
            (RefKind.TAG.value, gettext_lazy("A tag")),
            (RefKind.ANY.value, gettext_lazy("Any branch or tag")),
        ),
        required=False,
    )
    ref = forms.CharField(
        label=gettext_lazy("Branch or tag"),
        required=False,
        validators=[_REF],
        help_text=gettext_lazy("* stands for any text. Empty: every one of its kind."),
    )
    step = forms.CharField(
        label=gettext_lazy("Step key"), required=False, validators=[_STEP], help_text=gettext_lazy("Empty: any step.")
    )
    audience = forms.CharField(label=gettext_lazy("Audience (aud)"), required=False, max_length=1024)
    tags = forms.CharField(
        label=gettext_lazy("Session tags"),
        required=False,
        validators=[_TAGS],
        help_text=gettext_lazy("Claims that AWS policies may read as aws:PrincipalTag, with spaces between them."),
    )

    def __init__(self, target: Target, organization: Organization, data: QueryDict) -> None:
        self.target, self.organization = target, organization
        chosen = data.copy()
        if "ref_kind" not in chosen:  # the first visit: the safer choices
            chosen["ref_kind"], chosen["ref"] = RefKind.BRANCH.value, "main"
            chosen["subject"] = "pipeline_id" if chosen.get("pipeline") else ""
        for place in target.places:
            chosen.setdefault(place.name, place.example)
        super().__init__(chosen)
        self._offer_own()
        for place in target.places:
            wrong = gettext_lazy("This does not look like %(example)s.") % {"example": place.example}
            self.fields[place.name] = forms.CharField(
                label=_(place.label), validators=[RegexValidator(rf"\A(?:{place.form})\Z", wrong)]
            )
        if target.key != "aws":
            del self.fields["tags"]

    def _offer_own(self) -> None:
        """Nothing of another organization can be chosen."""
        fields: dict[str, Any] = self.fields
        pipelines = Pipeline.objects.filter(organization=self.organization)
        fields["pipeline"].queryset = pipelines
        if len(pipelines[: _FEW_PIPELINES + 1]) <= _FEW_PIPELINES:
            fields["pipeline"].widget = forms.CheckboxSelectMultiple(choices=fields["pipeline"].choices)
        fields["cluster"].queryset = Cluster.objects.filter(organization=self.organization)
        fields["queue"].queryset = Queue.objects.filter(cluster__organization=self.organization).select_related(
            "cluster"
        )
        fields["audience"].widget.attrs["placeholder"] = self.target.default_audience(
            {place.name: place.example for place in self.target.places}
        )

    def clean_pipeline(self) -> Any:
        if len(found := self.cleaned_data["pipeline"][: _MOST_PIPELINES + 1]) > _MOST_PIPELINES:
            raise ValidationError(_("Choose at most %d pipelines.") % _MOST_PIPELINES)
        return list(found)

    def clean_audience(self) -> str:
        audience: str = self.cleaned_data["audience"]
        if audience and not is_audience(audience):
            raise ValidationError(_("Use visible characters without spaces."))
        return audience

    def trust(self) -> Trust:
        values = self.cleaned_data
        places = {place.name: values[place.name] for place in self.target.places}
        return Trust(
            issuer=settings.PUBLIC_URL,
            organization_id=str(self.organization.pk),
            organization_slug=self.organization.slug,
            audience=values["audience"] or self.target.default_audience(places),
            pipelines=tuple(TrustedPipeline(str(row.pk), row.slug) for row in values["pipeline"]),
            subject_claim=values["subject"],
            subject_values=self._subject_values(),
            ref_kind=RefKind(values["ref_kind"] or RefKind.ANY),
            ref=values["ref"] if values["ref_kind"] != RefKind.ANY else "",
            step_key=values["step"],
            session_tags=tuple(values.get("tags", "").replace(",", " ").split()),
            lifetime=min(DEFAULT_LIFETIME, settings.ID_TOKEN_MAX_LIFETIME),
            algorithm=settings.ID_TOKEN_ALGORITHM,
            allowed_audiences=allowed_audiences_of(self.organization),
            places=places,
        )

    def _subject_values(self) -> tuple[str, ...]:
        chosen = self.cleaned_data[_CHOSEN.get(self.cleaned_data["subject"], "identifier")]
        return (str(getattr(chosen, "pk", chosen)),) if chosen else ()


class TrialForm(forms.Form):
    """What was pasted is read once and never shown again."""

    pasted = forms.CharField(
        label=gettext_lazy("ID token"),
        max_length=20_000,
        help_text=gettext_lazy("It is not stored, not logged, and not shown again."),
        widget=forms.Textarea(
            attrs={"rows": 5, "class": "code", "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
        ),
    )
