"""One archive under a cloud that misbehaves and a process that is killed, again and again.

`make chaos` runs it at full size; a small one is a test of the suite.
"""
