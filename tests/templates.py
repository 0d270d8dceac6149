"""A pytest plugin: a template is compiled once in a run, by the process that shows it first."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compiled import make_methods
from tests.reaper import RUN
from udi.ui.pages import TemplateCache


@pytest.fixture(scope="session", autouse=True)
def shared_templates() -> Iterator[None]:
    """Templates are compiled once for all processes of the run."""
    load_bytecode, dump_bytecode = make_methods(Path(os.environ[RUN]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TemplateCache, "load_bytecode", load_bytecode)
        patch.setattr(TemplateCache, "dump_bytecode", dump_bytecode)
        yield
