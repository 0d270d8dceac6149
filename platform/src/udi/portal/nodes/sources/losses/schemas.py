"""What the API says of losses: the types that answer, which its document shows."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from udi.portal.nodes.sources.losses.accounts import Example
from udi.portal.nodes.sources.losses.comparison import Outcome
from udi.portal.nodes.sources.losses.european_score import (
    TOTAL,
    Dimension,
    EuropeanScore,
)
from udi.portal.nodes.sources.losses.queries import FieldLoss, LossPoint, LossReport
from udi.portal.nodes.sources.schemas import one_of

Translate = Callable[[str], str]
Preserved = Annotated[int, Meta(description="Values that are here as they are there.")]
Changed = Annotated[int, Meta(description="Values that stand here otherwise.")]
Lost = Annotated[int, Meta(description="Values that no page of ours shows.")]


class LossParameters(Struct, kw_only=True):
    """The query of a report on losses."""

    reading: (
        Annotated[UUID, Meta(description="A reading; without it, the last that read.")]
        | UnsetType
    ) = UNSET


class LossExample(Struct, kw_only=True):
    """One value that is changed or lost. What may name a person is never shown."""

    outcome: Annotated[
        str, Meta(extra_json_schema=one_of((Outcome.CHANGED, Outcome.LOST)))
    ]
    title: Annotated[str, Meta(description="Of the record.")]
    dataset: Annotated[
        str, Meta(description="Identifier of the dataset; empty where none is shown.")
    ]
    value: Annotated[str, Meta(description="As the source writes it, cut short.")]
    ours: Annotated[str, Meta(description="What stands here, cut short.")]
    code: str
    reason: Annotated[str, Meta(description="Why, in the reader’s language.")]
    remedy: Annotated[str, Meta(description="The edit that mends it.")]

    @classmethod
    def of(cls, example: Example, say: Translate) -> Self:
        """An example that was kept."""
        reason, remedy = example.fault().translate(say)
        return cls(
            outcome=example.outcome,
            title=example.title,
            dataset=example.dataset,
            value=example.value,
            ours=example.ours,
            code=example.code,
            reason=reason,
            remedy=remedy,
        )


class LossField(Struct, kw_only=True):
    """What became of one field of the source."""

    field: Annotated[str, Meta(description="Under its name at the source.")]
    records: Annotated[int, Meta(description="Records that say it.")]
    preserved: Preserved
    changed: Changed
    lost: Lost
    examples: list[LossExample]

    @classmethod
    def of(cls, line: FieldLoss, say: Translate) -> Self:
        """A field that was counted."""
        account = line.account
        return cls(
            field=line.name,
            records=account.records,
            preserved=account.preserved,
            changed=account.changed,
            lost=account.lost,
            examples=[LossExample.of(example, say) for example in account.examples],
        )


class ScoreMeasure(Struct, kw_only=True):
    """One measure of the European score."""

    measure: str
    dimension: Annotated[str, Meta(extra_json_schema=one_of(Dimension))]
    points: Annotated[float, Meta(description="Reached.")]
    most: Annotated[int, Meta(description="To be had.")]
    share: Annotated[
        float | None,
        Meta(
            description="Of datasets, distributions or addresses that reach it; null: not measured."
        ),
    ]


class SourceScore(Struct, kw_only=True):
    """The metadata quality assessment of data.europa.eu, from what is harvested."""

    points: int
    measurable: Annotated[
        int, Meta(description="Points of measures that could be measured.")
    ]
    total: Annotated[int, Meta(description="All points that there are.")]
    rating: Annotated[
        str,
        Meta(
            description="Excellent, good, sufficient or bad; empty while what is not measured may change it."
        ),
    ]
    measures: list[ScoreMeasure]

    @classmethod
    def of(cls, score: EuropeanScore) -> Self:
        """The score of a source."""
        return cls(
            points=score.points,
            measurable=score.measurable,
            total=TOTAL,
            rating=score.rating,
            measures=[
                ScoreMeasure(
                    measure=line.measure.name,
                    dimension=str(line.measure.dimension),
                    points=round(line.points, 1),
                    most=line.measure.points,
                    share=None if line.share is None else round(line.share, 4),
                )
                for line in score.lines
            ],
        )


class LossTrend(Struct, kw_only=True):
    """One reading of the past."""

    reading: UUID
    ended: Annotated[datetime, Meta(tz=True)]
    records: int
    preserved: Preserved
    changed: Changed
    lost: Lost
    points: Annotated[
        int, Meta(description="European score, without what depends on links.")
    ]


class SourceLosses(Struct, kw_only=True):
    """What became of the fields of a source in one reading, and in those before it."""

    reading: UUID | None
    records: Annotated[
        int, Meta(description="Records that were taken, and so compared.")
    ]
    preserved: Preserved
    changed: Changed
    lost: Lost
    score: SourceScore | None
    fields: Annotated[list[LossField], Meta(description="The worst first.")]
    trend: Annotated[list[LossTrend], Meta(description="The newest first.")]

    @classmethod
    def of(
        cls, loss: LossReport | None, points: Sequence[LossPoint], say: Translate
    ) -> Self:
        """The report of a reading; an empty one before any has read."""
        report = loss.report if loss else None
        return cls(
            reading=loss.run.id if loss else None,
            records=report.records if report else 0,
            preserved=report.preserved if report else 0,
            changed=report.changed if report else 0,
            lost=report.lost if report else 0,
            score=SourceScore.of(loss.score) if loss else None,
            fields=[LossField.of(line, say) for line in loss.fields] if loss else [],
            trend=[
                LossTrend(
                    reading=point.reading,
                    ended=point.ended,
                    records=point.records,
                    preserved=point.preserved,
                    changed=point.changed,
                    lost=point.lost,
                    points=point.points,
                )
                for point in points
            ],
        )
