"""`make fuzz`: so many damaged answers, how each was taken, and every promise that was broken."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from fuzzing.mutations import mutated
from fuzzing.promises import PRODUCT, Broken, Readers, judge

ANSWERS = 100_000
SECONDS = 230.0
FINDINGS = 5


def main(arguments: Sequence[str] | None = None, readers: Readers = PRODUCT) -> int:
    """0 when every promise was kept by every answer, 1 otherwise."""
    options = _options(arguments)
    if options.only is not None:
        return _again(options.seed, options.only)
    taken: Counter[str] = Counter()
    findings = 0
    began = time.monotonic()
    for number in range(options.answers):
        if time.monotonic() - began > options.seconds:
            print(f"stopped after {options.seconds:.0f} s: {number} of {options.answers} answers")
            break
        answered = mutated(options.seed, number)
        try:
            taken[f"{answered.seed.kind}: {judge(answered, readers)}"] += 1
        except Broken as broken:
            findings += 1
            print(f"FINDING in answer {number}, of kind {answered.seed.kind}: {broken}")
            print(f"  again: {_command(options.seed, number)}")
            if findings == options.findings:
                break
    for name, count in sorted(taken.items()):
        print(f"{count:8}  {name}")
    told = f"{taken.total() + findings} answers, {findings} findings, seed {options.seed}"
    print(f"{told}, {time.monotonic() - began:.0f} s")
    return 1 if findings or taken.total() < options.answers else 0


def _again(seed: int, number: int) -> int:
    answered = mutated(seed, number)
    print(f"{answered.seed.kind}, status {answered.status}, headers {dict(answered.headers)}")
    print(answered.body if len(answered.body) < 100_000 else f"{answered.body[:2000]!r}…")
    print(judge(answered))
    return 0


def _command(seed: int, number: int) -> str:
    return f"PYTHONPATH=tests {sys.executable} -m fuzzing --seed {seed} --only {number}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzzing", description=__doc__)
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="stop after so many")
    parser.add_argument("--findings", type=int, default=FINDINGS, help="stop after so many")
    parser.add_argument("--seed", type=int, default=20_260_601)
    parser.add_argument("--only", type=int, help="make this one answer again and show it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
