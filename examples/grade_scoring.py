"""Grade a scoring formula by its column of scores: `python examples/grade_scoring.py data/seed.db rescored.score`."""

import sys

from seed_pipeline.grade import grade

print(grade(sys.argv[1], scores=sys.argv[2]).scores.text)
