"""Grade a churn model: `python examples/grade_churn.py sqlite:///data/seed.db TABLE.COLUMN` of its predictions."""

import sys

from seed_pipeline.grade import grade

print(grade(sys.argv[1], churn=sys.argv[2]).churn.text)
