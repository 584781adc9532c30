"""What people open in a browser; the same below every organization's prefix."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("", admin.site.urls)]
