"""Grade an alert service by what it left open in `alerts`: `python examples/grade_alerts.py [sqlite:///data/seed.db]`."""

import sys

from seed_pipeline.grade import grade

print(grade(*sys.argv[1:2]).alerts.text)
