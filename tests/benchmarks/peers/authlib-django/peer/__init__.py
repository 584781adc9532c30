"""The peer: Authlib's authorization server on Django, in a virtual environment of its own."""
