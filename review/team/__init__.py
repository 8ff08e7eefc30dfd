"""One's own day, and the team's: how much waits, who works on what, what was late and why."""
