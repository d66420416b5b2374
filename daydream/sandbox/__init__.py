"""Where dreams are tried: each way to have a sandbox, and the one list of them."""

from collections.abc import Callable

from daydream.contracts.sandbox import Backend
from daydream.sandbox.bubblewrap import Bubblewrap
from daydream.sandbox.docker import Docker

SANDBOXES: dict[str, Callable[[], Backend]] = {Docker.key: Docker, Bubblewrap.key: Bubblewrap}
"""By key, as the configuration names them. Nothing is chosen here: the order is the user's."""
