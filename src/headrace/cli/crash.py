"""What becomes of a fault of headrace itself: a sentence for the person, the traceback in a file."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from headrace.cli.version import version
from headrace.cli.world import World
from headrace.report.exits import exit_code


def unexpected(error: Exception, world: World) -> int:
    """One sentence, and the traceback in a file. The error's own words may hold a secret: not shown."""
    if world.environ.get("HEADRACE_DEBUG"):
        world.complain("".join(traceback.format_exception(error)).rstrip())
        return int(exit_code(error))
    where = _log(error)
    told = f"its traceback is in {where}" if where else "set HEADRACE_DEBUG=1 to see its traceback"
    world.regret(
        f"headrace: an error of headrace itself ({type(error).__name__}); what was fetched is kept, run again to"
        f" resume, and please report it: {told}"
    )
    return int(exit_code(error))


def _log(error: Exception) -> Path | None:
    """Write the traceback without the exception's own words (they may hold a secret) to a file of this user's."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    try:
        descriptor, path = tempfile.mkstemp(prefix=f"headrace-{stamp}-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"headrace {version()}, Python {sys.version.split()[0]}, {sys.platform}\n")
            seen: BaseException | None = error
            while seen is not None:
                file.writelines(traceback.format_tb(seen.__traceback__))
                file.write(f"{type(seen).__module__}.{type(seen).__qualname__}\n\n")
                seen = seen.__cause__ or seen.__context__
    except OSError:
        return None
    return Path(path)
