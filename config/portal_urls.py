"""What people open in a browser; the same below every organization's prefix."""

from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from exchange_apps.admin.invitation_answer import AnswerInvitation, open_invitation

urlpatterns = [
    path("", include("exchange_apps.sign_in.urls")),
    path("invitations/<str:secret>", open_invitation, name="open_invitation"),
    path("invitation/", AnswerInvitation.as_view(), name="invitation"),
    path("language/", set_language, name="set_language"),
    path("", admin.site.urls),
]
