"""`cloud-sync demo --aws`: the stacks on an emulator of AWS, run, followed and checked."""
