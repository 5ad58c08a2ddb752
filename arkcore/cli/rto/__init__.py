"""`ark rto`: the time without service, expected and at worst, each figure with its source.

`measured`: what the logs tell of a hierarchy; `settings`: how the manager checks; `estimate`: the
parts of a way back into service, and their sums; `ways`: the ways under LifeKeeper and under
Pacemaker; `unbounded`: what no timer bounds; `showing`: text and facts; `page`: the HTML for
auditors.
"""
