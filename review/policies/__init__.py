"""Escalation policies as people work on them: tables, changes, promotion, what would have been."""
