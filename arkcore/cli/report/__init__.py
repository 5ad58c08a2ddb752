"""`ark report`: an incident, or a period, on one page. Its picture is SVG, drawn here.

`history`: the runs of the period, in lanes, with service gaps and failovers; `offsets`: two nodes'
clocks; `drawing`: the picture; `page`: the HTML around it; `trace`: Chrome's trace event format.
"""
