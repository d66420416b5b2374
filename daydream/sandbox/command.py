"""How the guest is started, wherever it stands."""

_START = "import sys; sys.path[:1] = ['/daydream']; from _daydream_guest.server import main; main()"
LIBRARIES = "/python/lib"


def guest_command(python: str) -> list[str]:
    """The command line of process 1."""
    return [python, "-S", "-s", "-B", "-c", _START]


def environment(hash_seed: int) -> dict[str, str]:
    """The whole environment of the guest; nothing of ours is in it."""
    return {
        "PATH": "/python/bin",
        "HOME": "/",
        "USER": "nobody",
        "LOGNAME": "nobody",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "LD_LIBRARY_PATH": LIBRARIES,
        "LD_BIND_NOW": "1",  # or every child looks up again what process 1 never called
        "PYTHONHASHSEED": str(hash_seed),
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
