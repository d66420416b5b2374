"""Sandboxes by Docker: the same guest in a hardened container, over the attach socket; no registry is asked."""

import contextlib
import os
import socket
import struct
import tarfile
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from daydream.contracts.sandbox import Ground, Limits, Sandbox, SandboxRefused
from daydream.sandbox import canaries, cgroup, owner
from daydream.sandbox.bubblewrap import mounts
from daydream.sandbox.command import environment, guest_command
from daydream.sandbox.frames import Lost, ready
from daydream.sandbox.rootfs import SANDBOX_ID
from daydream.sandbox.supervisor import Lane

_REPOSITORY = "daydream-sandbox"
_OWNER = "daydream.owner"
_USUAL = "unix:///var/run/docker.sock"
_HEADER = struct.Struct(">BxxxI")
_TIMEOUT_S = 30
_EXTRA_BYTES = 256 * 2**20
_PIDS = 64
_FILES = 256
_CHUNK = 2**18
_ADVICE = "Configure the bubblewrap sandbox, or none: then no dream is tried"


class Docker:
    """The backend. `address` is the engine's (None: as the environment says), `image` one of the user's own with Python in
    it (None: one is built from the ground's tree, which is also where the guest comes from). `check` is called now and then
    while a sandbox works, and may raise."""

    key = "docker"

    def __init__(
        self,
        address: str | None = None,
        image: str | None = None,
        *,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.address = address
        self.check = check
        self.image = image
        self._client: Any = None
        self._proved: set[str] = set()
        self._lock = threading.Lock()

    def open(self, ground: Ground, limits: Limits) -> Sandbox:
        """Start a sandbox, after this tree has proved itself once.

        Raises:
            SandboxRefused: there is no engine, it does not do what it is asked, or a canary came through.
        """
        with self._lock:
            client = self._connected()
            image = self.image or _image(client, ground)
            if image not in self._proved:
                brought = _variables(client, image)
                canaries.prove(
                    self.key,
                    lambda given: self._lane(client, image, ground, given),
                    lambda _: _ADVICE,
                    brought,
                )
                self._proved.add(image)
        lane = self._lane(client, image, ground, limits)
        try:
            lane.warm()
        except Lost as lost:
            msg = f"docker cannot start a sandbox: {lost}. {_ADVICE}"
            raise SandboxRefused(msg) from None
        return lane

    def sweep(self) -> int:
        """Remove the containers of killed processes; 0 where no engine answers."""
        docker = _library()
        count = 0
        with contextlib.suppress(SandboxRefused, docker.errors.DockerException, OSError):
            client = self._connected()
            for each in client.api.containers(all=True, filters={"label": _OWNER}):
                if owner.is_gone(each["Labels"][_OWNER]):
                    client.api.remove_container(each["Id"], force=True)
                    count += 1
        return count

    def _lane(self, client: Any, image: str, ground: Ground, limits: Limits) -> Lane:
        own = self.image is not None
        return Lane(
            self.key, ground, limits, lambda: _Attached(client, image, ground, limits, own, self.check)
        )

    def _connected(self) -> Any:
        if self._client is None:
            self._client = connect(self.address)
        return self._client

    def close(self) -> None:
        """Let go of the engine."""
        if self._client is not None:
            self._client.close()


def _library() -> Any:
    """The docker package, which is imported for those who use it."""
    try:
        import docker  # type: ignore[import-untyped] # it has no types
    except ImportError:
        msg = "the docker package is not installed; pip install docker"
        raise SandboxRefused(msg) from None
    return docker


def connect(address: str | None) -> Any:
    """A client of the engine at an address, which answers.

    Raises:
        SandboxRefused: none does.
    """
    docker = _library()
    where = address or os.environ.get("DOCKER_HOST") or _USUAL
    client = None
    try:
        _listens(where)
        client = (
            docker.DockerClient(where, timeout=_TIMEOUT_S) if address else docker.from_env(timeout=_TIMEOUT_S)
        )
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        if client is not None:
            client.close()
        msg = f"no Docker engine answers at {where} ({_words(_first_cause(error))}); start it, or configure another sandbox"
        raise SandboxRefused(msg) from None
    return client


def _listens(address: str) -> None:
    """Knock first: the library forgets to close a local socket at which nobody answers."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knock:
            knock.settimeout(_TIMEOUT_S)
            knock.connect(address.removeprefix("unix://"))


def _image(client: Any, ground: Ground) -> str:
    """The image of a ground's tree, imported from it where the engine does not have it yet."""
    docker = _library()
    name = f"{_REPOSITORY}:{ground.tag}"
    try:
        if client.api.images(name=name):
            return name
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "tree.tar")  # noqa: PTH118 - the engine's client wants a text
            with tarfile.open(file, "w") as tar:
                tar.add(ground.root, arcname=".", filter=_anonymous)
            client.api.import_image_from_file(file, repository=_REPOSITORY, tag=ground.tag)
    except (docker.errors.DockerException, OSError, tarfile.TarError) as error:
        msg = f"docker cannot make the sandbox's image: {_words(error)}. {_ADVICE}"
        raise SandboxRefused(msg) from None
    return name


def _variables(client: Any, image: str) -> list[str]:
    """The environment that an image brings, by name."""
    docker = _library()
    try:
        held = client.api.inspect_image(image)["Config"]["Env"] or []
    except (docker.errors.DockerException, OSError) as error:
        msg = (
            f"the engine has no image {image}: {_words(error)}. Pull it, or leave sandbox images to daydream"
        )
        raise SandboxRefused(msg) from None
    return [each.partition("=")[0] for each in held]


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def _first_cause(error: BaseException) -> BaseException | str:
    """What the system said; the libraries in between wrap it several times."""
    found = error
    while (deeper := found.__cause__ or found.__context__) is not None:
        found = deeper
    return found.strerror or found if isinstance(found, OSError) else error


def _words(error: BaseException | str) -> str:
    return " ".join(str(error).split())[:300]


class _Attached:
    """A container as a transport: its streams come over one socket, in pieces with a header each."""

    def __init__(
        self,
        client: Any,
        image: str,
        ground: Ground,
        limits: Limits,
        own_image: bool,
        check: Callable[[], None],
    ) -> None:
        docker = _library()
        self.api = client.api
        self.id = ""
        self.check = check
        self.socket: socket.socket | None = None
        self.said = bytearray()
        self.errors = bytearray()
        self.raw = bytearray()
        try:
            self.id = self.api.create_container(image, **_options(self.api, ground, limits, own_image))["Id"]
            streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            self.socket = _own(self.api.attach_socket(self.id, params=streams))
            self.api.start(self.id)
            self.group = _group(self.api, self.id)
        except (docker.errors.DockerException, OSError) as error:
            self.close()
            raise Lost(_words(error)) from None

    def send(self, data: bytes, deadline: float) -> None:
        line, view = self._open(), memoryview(data)
        while view:
            ready(line, deadline, self.check, writing=True)
            try:
                view = view[line.send(view) :]
            except OSError:
                raise Lost("it has gone") from None

    def receive(self, size: int, deadline: float) -> bytes:
        line = self._open()
        while len(self.said) < size:
            ready(line, deadline, self.check)
            try:
                part = line.recv(_CHUNK)
            except OSError:
                part = b""
            if not part:
                raise Lost("it has gone")
            self.raw += part
            self._sort()
        got = bytes(self.said[:size])
        del self.said[:size]
        return got

    def _open(self) -> socket.socket:
        if self.socket is None:
            raise Lost("it is closed")
        return self.socket

    def _sort(self) -> None:
        """Whole pieces to the stream that they belong to."""
        while len(self.raw) >= _HEADER.size:
            kind, size = _HEADER.unpack(self.raw[: _HEADER.size])
            end = _HEADER.size + size
            if len(self.raw) < end:
                return
            (self.said if kind == 1 else self.errors).extend(self.raw[_HEADER.size : end])
            del self.raw[:end]

    def oom_kills(self) -> int | None:
        return self.group.kills() if self.group else None

    def last_words(self) -> str:
        return " ".join(self.errors.decode("utf-8", "replace").split())[-2000:]

    def close(self) -> None:
        docker = _library()
        if self.socket is not None:
            self.socket.close()
        if self.id:
            with contextlib.suppress(docker.errors.DockerException, OSError):
                self.api.remove_container(self.id, force=True)


def _own(wire: Any) -> socket.socket:
    """The line itself, taken from the client's objects, which would close it too late."""
    line = socket.socket(fileno=getattr(wire, "_sock", wire).detach())
    line.setblocking(False)
    wire.close()
    return line


def _options(api: Any, ground: Ground, limits: Limits, own_image: bool) -> dict[str, Any]:
    binds = {str(source): {"bind": target, "mode": "ro"} for source, target in mounts(ground)}
    if own_image:
        binds[str(ground.root / "daydream")] = {"bind": "/daydream", "mode": "ro"}
    memory = limits.memory_bytes + limits.scratch_bytes + _EXTRA_BYTES
    scratch = f"rw,size={limits.scratch_bytes},nr_inodes=4k,nosuid,nodev,noexec,mode=1777"
    host = api.create_host_config(
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        pids_limit=_PIDS,
        mem_limit=memory,
        memswap_limit=memory,
        ipc_mode="none",
        log_config={"Type": "none"},
        ulimits=[{"Name": "nofile", "Soft": _FILES, "Hard": _FILES}, {"Name": "core", "Soft": 0, "Hard": 0}],
        auto_remove=True,
        binds=binds,
        tmpfs={"/tmp": scratch} if limits.scratch_bytes else None,  # noqa: S108 - the guest's own
    )
    return {
        "command": guest_command("python3" if own_image else ground.python),
        "host_config": host,
        "environment": environment(ground.hash_seed)
        if not own_image
        else {"PYTHONHASHSEED": str(ground.hash_seed)},
        "user": "{0}:{0}".format(os.geteuid() or SANDBOX_ID),
        "labels": {_OWNER: owner.token() or "unknown"},
        "hostname": "daydream",
        "working_dir": "/",
        "stdin_open": True,
        "tty": False,
        "network_disabled": True,
    }


def _group(api: Any, container: str) -> cgroup.Group | None:
    """The container's control group, where the engine runs on this very kernel."""
    found = cgroup.around(int(api.inspect_container(container)["State"]["Pid"]))
    return found if found and any(container in str(each) for each in found.folders) else None
