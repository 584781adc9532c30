"""Machines' addresses first, then the portal, which takes everything else."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("config.machine_urls")),
    path("", admin.site.urls),
]
