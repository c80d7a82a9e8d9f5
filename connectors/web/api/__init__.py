"""The HTTP API: typed resources under /api. `install` puts it into the app.

`acts.py` is what can be asked of a session, `bodies.py` and `answers.py` are the shapes,
`problems.py` the errors; the rest are routes.
"""
