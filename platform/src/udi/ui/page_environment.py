"""Jinja's environment as pages use it: the same pages, with less of the processor."""

import re
from collections.abc import Callable, Iterable, MutableMapping
from types import FunctionType, MethodType
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from markupsafe import Markup, escape

PASSED = "jinja_pass_arg"
"""Jinja's mark of a function that is given the context first."""
PLAIN = (FunctionType, MethodType)
MESSAGES = frozenset(("_", "gettext"))
"""Functions that say a message in the language of the page."""
SIGNS = re.compile("[&<>'\"]")
"""What HTML writes otherwise."""


def write_value(value: Any) -> str:
    """A value as HTML. Jinja makes an object of its own of each, which only the text around it takes in."""
    kind = type(value)
    if kind is Markup or (kind is str and SIGNS.search(value) is None):
        text: str = value
        return text
    return escape(value)


class OutputJoiner:
    """Takes what Jinja's code would add to a list of pieces, by the same names, and returns it as one piece."""

    extend: Callable[[Iterable[str]], str] = "".join

    @staticmethod
    def append(piece: str) -> str:
        """A piece that nothing follows."""
        return piece


class PageContext(Context):
    """Calls macros, plain functions and methods at once; what else is called is looked at as Jinja does."""

    def call(self, callee: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """What a template calls; a page calls some 150 times."""
        if type(callee) is Macro:
            args = (self.eval_ctx, *args)
        elif type(callee) not in PLAIN or hasattr(callee, PASSED):
            return super().call(callee, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        try:
            return callee(*args, **kwargs)
        except StopIteration:
            return self.environment.undefined("what is called ended before it began")


class PageCodeGenerator(CodeGenerator):
    """What templates become: values are shown by `write_value`, and messages without values are asked for at once."""

    def visit_Template(  # noqa: N802 - Jinja names its visitors so
        self, node: nodes.Template, frame: Frame | None = None
    ) -> None:
        """Import what the code calls."""
        names = (write_value.__name__, OutputJoiner.__name__)
        self.writeline(f"from {__name__} import {', '.join(names)}")
        super().visit_Template(node, frame)

    def visit_Call(  # noqa: N802 - the same
        self,
        node: nodes.Call,
        frame: Frame,
        forward_caller: bool = False,  # noqa: FBT001, FBT002 - as in the class above
    ) -> None:
        """A call; of a message without values, that of the function itself."""
        if not _is_message(node):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        self.visit(node.args[0], frame)
        self.write(")")

    def visit_Output(  # noqa: N802 - the same
        self, node: nodes.Output, frame: Frame
    ) -> None:
        """Text and values that follow one another leave as one piece: each piece passes through every template around."""
        if frame.buffer is None and len(node.nodes) > 1:
            frame = frame.soft()
            frame.buffer = f"yield {OutputJoiner.__name__}"
        super().visit_Output(node, frame)

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write(f"{write_value.__name__}(")


def _is_message(call: nodes.Call) -> bool:
    is_named = isinstance(call.node, nodes.Name) and call.node.name in MESSAGES
    others = call.kwargs or call.dyn_args or call.dyn_kwargs
    return is_named and len(call.args) == 1 and not others


class PageEnvironment(Environment):
    """Every template has the globals of the environment itself, which are complete before the first is loaded.

    Jinja chains a dictionary of each template before them, and walks through the chain for each template that another
    includes or imports. It also looks whether a template that is loaded may stay; ours all do, as long as the program runs.
    """

    context_class = PageContext
    code_generator_class = PageCodeGenerator

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._loaded: dict[str, Template] = {}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - as in the class above
    ) -> Template:
        """A template by its name; the same each time where it has no globals of its own.

        An environment with other options than this one's, made of it, loads its own.
        """
        if globals or self.overlayed or self.auto_reload or isinstance(name, Template):
            return super().get_template(name, parent, globals)
        template = self._loaded.get(name)
        if template is None:
            template = self._loaded[name] = super().get_template(name, parent)
        return template

    def make_globals(
        self, d: MutableMapping[str, Any] | None
    ) -> MutableMapping[str, Any]:
        """The globals of a template, with its own where it is given some."""
        if d:
            return super().make_globals(d)
        return self.globals
