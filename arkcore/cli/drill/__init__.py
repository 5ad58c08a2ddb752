"""`ark drill`: local recovery, failover and failback, done on purpose, measured and written down.

`command` asks and tells; `rehearsal` says what is going to be done; `readiness` refuses. `manager`
says what a cluster manager has to offer, `pacemaker` and `lifekeeper` are the two. `performance`
does one drill, with `breaking` (it kills), `outside` (the client), `hearing` (the RAS log) and
`measuring`; a `leg` is what comes of it, and `report` writes it down.
"""
