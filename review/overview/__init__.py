"""The overview for managers: whether it works, what it costs, and who should look at what.

`period` says which days, `queries` counts in SQL, `figures` puts the counts together, `statistics`
says what is more than chance, `sentences`, `needs` and `charts` say it to a person, and
`decided_items` lists what stands behind a figure.
"""
