"""Reports for people and for other programs, made from the recorded values alone."""
