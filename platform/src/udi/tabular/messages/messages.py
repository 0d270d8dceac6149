"""A sentence for a person that a module without a language makes: the page translates it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TranslatableMessage:
    """An English message, which is also its key in the translations, and the values that it names."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def translate(self, say: Callable[[str], str]) -> str:
        """The sentence in the reader's language."""
        words = say(self.message)
        if self.values:
            return words % self.values
        return words

    def as_json(self) -> dict[str, object]:
        """For a JSON column."""
        return {"message": self.message, "values": dict(self.values)}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "TranslatableMessage":
        """What `as_json` gave."""
        values = value.get("values")
        return cls(
            str(value["message"]), dict(values) if isinstance(values, Mapping) else {}
        )
