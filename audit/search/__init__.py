"""Searching the log: `query` reads what was typed, `conditions` asks the rows, `candidates` asks the index that
the job in `index` keeps, and `find` joins them into pages. docs/audit-log.md is the user's side of it.
"""
