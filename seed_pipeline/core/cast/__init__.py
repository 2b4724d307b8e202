"""Who is there: subjects, tutors, students."""
