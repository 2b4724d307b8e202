"""Grade a scoring formula: `python examples/grade_scoring.py sqlite:///data/seed.db TABLE.COLUMN` of its scores."""

import sys

from seed_pipeline.grade import grade

print(grade(sys.argv[1], scores=sys.argv[2]).scores.text)
