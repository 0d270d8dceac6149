"""Jinja's environment as pages use it: the same pages, with less of the processor."""

from collections.abc import Callable, MutableMapping
from types import FunctionType
from typing import Any

from jinja2 import Environment
from jinja2.runtime import Context, Macro

PASSED = "jinja_pass_arg"
"""Jinja's mark of a function that is given the context first."""


class PageContext(Context):
    """Calls macros and plain functions at once; what else is called is looked at as Jinja does."""

    def call(self, callee: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """What a template calls; a page calls some 150 times."""
        if type(callee) is Macro:
            args = (self.eval_ctx, *args)
        elif type(callee) is not FunctionType or hasattr(callee, PASSED):
            return super().call(callee, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        try:
            return callee(*args, **kwargs)
        except StopIteration:
            return self.environment.undefined("what is called ended before it began")


class PageEnvironment(Environment):
    """Every template has the globals of the environment itself, which are complete before the first is loaded.

    Jinja chains a dictionary of each template before them, and walks through the chain for each template that another
    includes or imports.
    """

    context_class = PageContext

    def make_globals(
        self, d: MutableMapping[str, Any] | None
    ) -> MutableMapping[str, Any]:
        """The globals of a template, with its own where it is given some."""
        if d:
            return super().make_globals(d)
        return self.globals
