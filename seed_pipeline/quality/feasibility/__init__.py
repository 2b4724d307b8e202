"""What settings cannot hold at once, found before a row is made: judged on the plan, in the intervals that judge."""
