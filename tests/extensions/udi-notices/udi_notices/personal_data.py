"""Which columns of notices hold nobody: none says who wrote it."""

from udi.kit.personal_data import PersonalRows, neutral
from udi_notices.models import Notice

PERSONAL: tuple[PersonalRows, ...] = ()
NEUTRAL = (neutral(Notice, "title", "the public title of a notice"),)
