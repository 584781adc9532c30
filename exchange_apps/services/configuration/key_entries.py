"""Public keys as an entry gives them: in the file, or in one beside it."""

from __future__ import annotations

from pathlib import Path as FilePath

from exchange_apps.domain.jwk import JWKSet, JWKSetError
from exchange_apps.domain.key_set_document import MOST_DOCUMENT_BYTES
from exchange_apps.domain.problems import Path
from exchange_apps.services.configuration.clashes import Entry
from exchange_apps.services.configuration.run import Run


def read_keys(run: Run, entry: Entry, path: Path) -> JWKSet | None:
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
