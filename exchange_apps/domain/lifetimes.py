"""How long things live, in seconds."""

SHORTEST_TOKEN_TTL = 30
LONGEST_TOKEN_TTL = 86_400
DEFAULT_TOKEN_TTL = 3_600

SHORTEST_ASSERTION_LIFETIME = 60
LONGEST_ASSERTION_LIFETIME = 3_600
DEFAULT_ASSERTION_LIFETIME = 300

LONGEST_FOREIGN_TOKEN = 86_400

CLOCK_LEEWAY = 30
"""How far the clocks of two machines may differ."""


def granted_lifetime(requested: int | None, maximum: int) -> int:
    """What is asked for, capped at the application's maximum; the maximum when nothing is asked for."""
    return maximum if requested is None else min(requested, maximum)
