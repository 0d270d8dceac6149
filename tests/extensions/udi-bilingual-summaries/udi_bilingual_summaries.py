"""A measure of descriptions: whether the summary is in French and in English."""

from udi.portal.catalogue.dataset_page.quality_measures import (
    MeasuredQuality,
    QualityMeasure,
)
from udi.protocol.record import Record

MISSING = {
    "fr": {"en": "Give the summary in French.", "fr": "Donnez le résumé en français."},
    "en": {"en": "Give the summary in English.", "fr": "Donnez le résumé en anglais."},
}


def assess(record: Record) -> MeasuredQuality:
    """One point for each language."""
    missing = [
        texts for language, texts in MISSING.items() if not record.summary.get(language)
    ]
    return MeasuredQuality(len(MISSING) - len(missing), len(MISSING), tuple(missing))


MEASURE = QualityMeasure(
    {"en": "Languages of the summary", "fr": "Langues du résumé"}, assess
)
