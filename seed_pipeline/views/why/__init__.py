"""Why one session, student or tutor came out as it did (`seed-pipeline explain`)."""
