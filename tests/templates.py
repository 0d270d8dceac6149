"""A pytest plugin: a template is compiled once in a run, by the process that shows it first."""

import marshal
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from jinja2.bccache import Bucket

from tests.reaper import RUN
from udi.ui.pages import TemplateCache

FOLDER = "templates"
_load = TemplateCache.load_bytecode
_dump = TemplateCache.dump_bytecode


def load_bytecode(cache: TemplateCache, bucket: Bucket) -> None:
    """The code that this program has, or that of another process."""
    _load(cache, bucket)
    if bucket.code is None:
        with suppress(FileNotFoundError):
            bucket.code = marshal.loads(_find_place(bucket).read_bytes())  # noqa: S302 - written by `dump_bytecode`
            _dump(cache, bucket)


def dump_bytecode(cache: TemplateCache, bucket: Bucket) -> None:
    """Keep the code, for the other processes too."""
    _dump(cache, bucket)
    place = _find_place(bucket)
    place.parent.mkdir(exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}")
    part.write_bytes(marshal.dumps(bucket.code))
    part.replace(place)


def _find_place(bucket: Bucket) -> Path:
    """A file for what a template is, and for whether it is HTML."""
    name = f"{bucket.key}-{bucket.checksum}-{bucket.environment.autoescape}"
    return Path(os.environ[RUN], FOLDER, name)


@pytest.fixture(scope="session", autouse=True)
def shared_templates() -> Iterator[None]:
    """Templates are compiled once for all processes of the run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TemplateCache, "load_bytecode", load_bytecode)
        patch.setattr(TemplateCache, "dump_bytecode", dump_bytecode)
        yield
