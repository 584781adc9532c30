"""How people come in and prove who they are: django-allauth, with our limits, our log and our encryption."""

from exchange_apps.sign_in.authorship import author_of, user_party

__all__ = ["author_of", "user_party"]
