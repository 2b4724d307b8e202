"""A report people pass around: one HTML file, self-contained, that says what a dataset is and proves it.

    source = of_artifacts(Wishes(), Path("data/artifacts"))      # or of_target(Wishes(target="sqlite:///data/seed.db"))
    page = page_of(source)

Everything is worked out from the data, its verdicts and its settings; the same data give the same bytes. Figures are
sums over chunks; the people and sessions named are those of the first cast, so that size does not matter.
"""

from seed_pipeline.report.page import page_of, refuse, written
from seed_pipeline.report.source import Source, of_artifacts, of_candidate, of_target

__all__ = ["Source", "of_artifacts", "of_candidate", "of_target", "page_of", "refuse", "written"]
