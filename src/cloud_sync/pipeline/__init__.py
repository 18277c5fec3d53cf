"""The flow: validate → list → plan → transfer → summarise → notify. Contracts only, no adapter."""
