"""How good the embedded model's drafts are, beside simpler ways to choose a reply.

Read by `manage.py evaluate_drafts` alone, which imports scikit-learn; no page imports this.
"""
