"""Grade a churn model by the column of its predictions: `python examples/grade_churn.py data/seed.db risks.risk`."""

import sys

from seed_pipeline.grade import grade

print(grade(sys.argv[1], churn=sys.argv[2]).churn.text)
