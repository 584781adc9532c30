"""A system under test: something that mints a token for a client assertion over HTTP."""

from abc import ABC, abstractmethod
from collections import Counter
from typing import ClassVar
from urllib.parse import urlencode, urlsplit

from tests.benchmarks.assertions import AssertionPool
from tests.benchmarks.cpu import process_tree
from tests.benchmarks.databases import Database
from tests.benchmarks.places import ISSUER
from tests.benchmarks.processes import Server
from tests.benchmarks.shared_redis import redis_pid

CLIENT_ID = "0123456789abcdef0123"
ORGANIZATION = "acme"
EMAIL = "ada@acme.test"
SCOPE = "read_builds"

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"

#: What every request begins with; systems differ in path and form only.
HEAD = (
    "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: counterfoil-bench\r\nAccept: */*\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
)


class System(ABC):
    """One contestant: started once a run, measured in turns, checked after every turn."""

    #: Path of the token endpoint and the form that goes with the assertion.
    path = "/token"
    form: ClassVar[dict[str, str]]
    #: Seconds of load at the beginning of each visit (compilers and caches cool down in between).
    warm_up = 1.5
    uses_redis = False

    def __init__(self, name: str, pool: AssertionPool) -> None:
        self.name, self.pool = name, pool
        self.server: Server
        self.database: Database
        self.port = 0
        self.used: Counter[str] = Counter()  # assertions taken from the pool, by algorithm
        self.tokens: set[str] = set()
        self.best_rate = 0.0

    @abstractmethod
    def start(self) -> None:
        """Install what is missing, create the database, start the server, and wait until it is ready."""

    @property
    @abstractmethod
    def count_mints(self) -> str:
        """The query that counts the audit rows of mints."""

    def stop(self) -> None:
        """Stop the server and drop its database; whatever of it was started."""
        if hasattr(self, "server"):
            self.server.stop()
        if hasattr(self, "database"):
            self.database.drop()

    def prefix(self) -> tuple[bytes, bytes]:
        """Return the head of a request up to the length, and the form up to the assertion."""
        head = HEAD.format(path=self.path, host=urlsplit(ISSUER).netloc)
        form = urlencode({**self.form, "client_assertion_type": ASSERTION_TYPE, "client_assertion": ""})
        return head.encode(), form.encode()

    def pids(self) -> set[int]:
        """Return all processes that work for this system: server, workers, database backends, Redis."""
        redis = {redis_pid()} if self.uses_redis else set()
        return process_tree(self.server.pid) | self.database.backend_pids() | redis
