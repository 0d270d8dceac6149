"""What the templates of a run were compiled to, in a folder: one process compiles each, the others read what it made.

It is imported by forks of programs too (`tests/preloaded.py`), and imports nothing of the tests.
"""

import marshal
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from jinja2.bccache import Bucket

from udi.ui.pages import TemplateCache

Method = Callable[[TemplateCache, Bucket], None]
FOLDER = "templates"
_load = TemplateCache.load_bytecode
_dump = TemplateCache.dump_bytecode


def make_methods(run: Path) -> tuple[Method, Method]:
    """`load_bytecode` and `dump_bytecode` of a cache that has a folder of this run beside it."""

    def load_bytecode(cache: TemplateCache, bucket: Bucket) -> None:
        """The code that this program has, or that of another process."""
        _load(cache, bucket)
        if bucket.code is None:
            with suppress(FileNotFoundError):
                bucket.code = marshal.loads(_find_place(run, bucket).read_bytes())  # noqa: S302 - written by `dump_bytecode`
                _dump(cache, bucket)

    def dump_bytecode(cache: TemplateCache, bucket: Bucket) -> None:
        """Keep the code, for the other processes too where this one may write there."""
        _dump(cache, bucket)
        place = _find_place(run, bucket)
        part = place.with_name(f"{place.name}.{os.getpid()}")
        with suppress(OSError):
            place.parent.mkdir(exist_ok=True)
            part.write_bytes(marshal.dumps(bucket.code))
            part.replace(place)

    return load_bytecode, dump_bytecode


def share(run: Path) -> None:
    """Have this process read what templates of the run were compiled to, as long as it lives."""
    cache: Any = TemplateCache
    cache.load_bytecode, cache.dump_bytecode = make_methods(run)


def _find_place(run: Path, bucket: Bucket) -> Path:
    """A file for what a template is, and for whether it is HTML."""
    name = f"{bucket.key}-{bucket.checksum}-{bucket.environment.autoescape}"
    return run / FOLDER / name
