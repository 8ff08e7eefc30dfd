"""The embedded default model: categories, fields and drafts with no key and no network.

Nothing is imported here, so that web processes do not load scikit-learn: import
`classifier`, `extraction` and `drafting` where work is done.
"""
