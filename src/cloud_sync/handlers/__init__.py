"""The Lambda door: what `gopro-sync-orchestrator` asks the core to do, one function per step."""
