"""The archive on AWS as data: the state machine's definition, and the CDK app that deploys it.

The definition needs nothing but Python; the stacks need the extra `deploy`. Nothing outside the
command line imports this room, and it imports no room of the core but names and plans.
"""
