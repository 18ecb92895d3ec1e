"""Decisions, pure: from what is wanted and what was seen to what is to be done and what is to be said."""
