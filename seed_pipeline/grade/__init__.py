"""Grades what an application's own services wrote into the database against the answer key."""

from seed_pipeline.grade.grades import Grades
from seed_pipeline.grade.grading import grade
from seed_pipeline.grade.thresholds import Thresholds

__all__ = ["Grades", "Thresholds", "grade"]
