"""Pictures of a dataset, as PNG: each a query, what draws its rows with the targets in it, and words.

Rows are sums over groups, so that size does not matter, and the same data give the same bytes.
"""

from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from io import BytesIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from seed_pipeline.quality.scope import Scope
from seed_pipeline.settings import Settings
from seed_pipeline.views import drawing
from seed_pipeline.views.drawing import Draw, Rows
from seed_pipeline.views.small import small


@dataclass(frozen=True)
class Picture:
    """A picture, and its figures in words for those who cannot see it."""

    name: str
    title: str
    png: bytes
    alt: str
    small: str
    """Markdown with the picture in a few hundred letters; empty where it cannot be."""

    @property
    def address(self) -> str:
        """The picture as an address that needs no other file."""
        return f"data:image/png;base64,{b64encode(self.png).decode()}"

    @property
    def markdown(self) -> str:
        """The picture as markdown, with its words."""
        return f"![{self.title}]({self.address})\n\n{self.alt}"


@dataclass(frozen=True)
class Plot:
    """What is asked, and what draws its rows and says what they show."""

    title: str
    query: str
    draw: Draw


def pictures(scope: Scope, names: Collection[str] | None = None) -> list[Picture]:
    """Every picture that the tables allow (or those of `names`), in the order in which they tell the story."""
    found = []
    for name, plot in PLOTS.items():
        rows = scope.rows(plot.query, edge_cases=False) if names is None or name in names else []
        if rows:
            found.append(_once(name, plot, rows, scope.settings))
    return found


def _once(name: str, plot: Plot, rows: Rows, settings: Settings) -> Picture:
    """The picture, drawn unless the last one of that name showed the same: assets, checks and report share theirs."""
    known = _LAST.get(name)
    if known is None or known[0] != rows or known[1] != settings:
        known = _LAST[name] = (rows, settings, _drawn(name, plot, rows, settings))
    return known[2]


_LAST: dict[str, tuple[Rows, Settings, Picture]] = {}


def _drawn(name: str, plot: Plot, rows: Rows, settings: Settings) -> Picture:
    figure = Figure(figsize=(7, 3.6), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(plot.title)
    said = plot.draw(axes, rows, settings)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(name, plot.title, buffer.getvalue(), said, small(plot.title, figure))


_DONE = "FROM session_fact WHERE status = 'completed'"
_SINCE = "SELECT {}::DATE AS since, count(*) AS n FROM {} WHERE since IS NOT NULL GROUP BY since ORDER BY since DESC"
PLOTS: Mapping[str, Plot] = {
    "talk_and_engagement": Plot(
        "Tutor talk against engagement",
        f"""WITH measured AS (SELECT tutor_talk_ratio AS talk, student_engagement_score AS engagement {_DONE})
        SELECT round(avg(talk), 6) AS talk, round(avg(engagement), 6) AS engagement, count(*) AS n
        FROM measured WHERE talk IS NOT NULL AND engagement IS NOT NULL
        GROUP BY ceil(measured.talk * 50), floor(measured.engagement * 4) ORDER BY ALL""",
        drawing.talk,
    ),
    "rating_by_persona": Plot(
        "Ratings by tutor persona",
        f"""SELECT tutor_persona AS persona, student_satisfaction_rating AS stars, count(*) AS n
        {_DONE} AND tutor_persona IS NOT NULL AND stars IS NOT NULL GROUP BY ALL ORDER BY ALL""",
        drawing.ratings,
    ),
    "hours_and_weekdays": Plot(
        "Sessions by weekday and hour",
        "SELECT weekday, hour, count(*) AS n FROM session_fact WHERE hour IS NOT NULL GROUP BY ALL ORDER BY ALL",
        drawing.grid,
    ),
    "sessions_per_day": Plot(
        "Sessions per day",
        "SELECT local_start::DATE AS day, count(*) AS n FROM session_fact WHERE day IS NOT NULL GROUP BY 1 ORDER BY 1",
        drawing.per_day,
    ),
    "outcomes": Plot(
        "Outcomes of all sessions",
        "SELECT status, count(*) AS n FROM session_fact GROUP BY status ORDER BY n DESC, status",
        drawing.outcomes,
    ),
    "feedback_by_score": Plot(
        "Feedback and stars by score",
        f"""SELECT least(floor(overall_session_score), 9)::INTEGER AS band, count(*) AS n,
            count(student_satisfaction_rating) AS rated, coalesce(sum(student_satisfaction_rating), 0) AS stars
        {_DONE} AND overall_session_score IS NOT NULL AND EXISTS (FROM session_feedback) GROUP BY band ORDER BY band""",
        drawing.feedback,
    ),
    "highlights_per_session": Plot(
        "Highlights of a session",
        f"""SELECT highlights, count(*) AS n
        {_DONE} AND EXISTS (FROM session_transcript_highlights) GROUP BY highlights ORDER BY highlights""",
        drawing.highlights,
    ),
    "left_by_score": Plot(
        "Who left, by mean score",
        f"""WITH score AS (SELECT student_id, favg(overall_session_score) AS score {_DONE} GROUP BY student_id)
        SELECT least(floor(score), 9)::INTEGER AS band, count(*) AS n, count(*) FILTER (WHERE churned) AS gone
        FROM score JOIN student_fact ON user_id = student_id
        WHERE score IS NOT NULL AND EXISTS (FROM students WHERE status IS NOT NULL) GROUP BY band ORDER BY band""",
        drawing.left,
    ),
    "churn_by_story": Plot(
        "Churn by student persona and story",
        """SELECT student_persona AS persona,
            CASE WHEN safe THEN 'safe' WHEN lost THEN 'lost' ELSE 'others' END AS story,
            count(*) AS n, count(*) FILTER (WHERE churned) AS gone
        FROM student_fact WHERE student_persona IS NOT NULL GROUP BY ALL ORDER BY ALL""",
        drawing.churn,
    ),
    "tenure_of_tutors": Plot(
        "Tutors before the window", _SINCE.format("member_since", "tutors"), drawing.tenure("tutors")
    ),
    "tenure_of_students": Plot(
        "Students before the window", _SINCE.format("enrolled_since", "students"), drawing.tenure("students")
    ),
}
