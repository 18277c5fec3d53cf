"""AWS on this machine: the emulator ministack, for a demo and for tests, never for an archive."""
