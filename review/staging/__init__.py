"""Candidates in shadow: started, worked through, measured against what people sent, promoted."""
