"""daydream's own log: one file in the logs folder, renamed at midnight, seven former days kept."""

import contextlib
import logging
import logging.handlers
import sys
import time
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path

FILE_NAME = "daydream.log"
KEPT_DAYS = 7
_FORMAT = "daydream %(asctime)sZ %(process)d %(levelname)s %(message)s"


class DailyFile(logging.handlers.TimedRotatingFileHandler):
    """A file that is created with its first line, and whose failure is said once and ends nothing."""

    def __init__(self, path: Path) -> None:
        self._refused = False
        super().__init__(
            path,
            when="midnight",
            backupCount=KEPT_DAYS,
            encoding="utf-8",
            delay=True,
            errors="backslashreplace",
        )

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 -- logging's signature
        """Say once that there is no log."""
        if not self._refused:
            self._refused = True
            reason = sys.exc_info()[1]
            print(f"daydream: no log is kept ({self.baseFilename}): {reason}", file=sys.stderr)


def folder(root: Path, config_file: Path | None, env: Mapping[str, str]) -> Path:
    """Find the logs folder of a repository; it need not exist.

    Raises:
        DaydreamError: a configured place, or the repository, cannot be used.
    """
    from daydream.config.load import raw_paths
    from daydream.processes import Stop
    from daydream.repository import places

    state, logs, cache = raw_paths(root, config_file, env)
    found = places.find(root, state=state, logs=logs, cache=cache)
    return (found or places.locate(root, state=state, logs=logs, cache=cache, stop=Stop())).logs


@contextlib.contextmanager
def kept_in(place: Path, *, verbose: bool) -> Iterator[logging.Logger]:
    """Keep the log of logger ``daydream`` in `place` while the body runs; `verbose` keeps details too."""
    logger = logging.getLogger("daydream")
    file = DailyFile(place / FILE_NAME)
    formatter = logging.Formatter(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    file.setFormatter(formatter)
    former = logger.level, logger.propagate
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False
    logger.addHandler(file)
    try:
        yield logger
    finally:
        logger.removeHandler(file)
        file.close()
        logger.setLevel(former[0])
        logger.propagate = former[1]
