"""What a producer says that the columns of its dataset are for: it holds for the next versions too."""

from udi.kit.errors import field_error
from udi.node.datasets.models import Author, Dataset
from udi.tabular.columns.chosen_roles import list_role_choices
from udi.tabular.columns.column import TypedColumn


def set_column_role(
    author: Author, dataset: Dataset, column: TypedColumn, role: str
) -> None:
    """Take a column for what its producer says; empty: for what the rule says again.

    Raises:
        InvalidError: a column of this type cannot be that.
    """
    if role and role not in list_role_choices(column):
        raise field_error("role", "Choose one of the proposed answers.")
    roles = {**dataset.column_roles, column.name: role}
    roles = {name: chosen_role for name, chosen_role in roles.items() if chosen_role}
    if roles == dataset.column_roles:
        return
    dataset.column_roles = roles
    dataset.record_event(author, "column.role_changed", column=column.name, role=role)
