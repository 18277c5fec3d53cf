"""Parts are handed out first come first served, to as many workers as are allowed."""

from __future__ import annotations

import threading

from cloud_sync.archive.memory import MemoryArchive
from cloud_sync.clock import SystemClock
from cloud_sync.errors import StreamBroken
from cloud_sync.transfer.file_transfer import PROBE, FileTransfer, PartTask
from cloud_sync.transfer.part_queue import PartQueue
from cloud_sync.transfer.stopping import Stop
from transfers import MemoryJournal, description, hooks, request


def file(key: str, *parts: int) -> FileTransfer:
    made = FileTransfer(
        request(key), MemoryJournal(), Stop(SystemClock()), hooks(), request(key).file
    )
    made.wanted.extend(PartTask(number, number, 1) for number in parts)
    return made


def test_the_first_original_is_finished_before_the_next_is_begun() -> None:
    queue = PartQueue()
    first, second = file("a", 1, 2), file("b", 1)
    queue.add(first)
    queue.add(second)
    queue.allow(1)
    taken = [queue.take(0) for _ in range(3)]
    assert [(entry[0].request.key, entry[1].number) for entry in taken if entry] == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
    ]


def test_a_worker_beyond_the_allowed_number_rests_until_it_is_allowed() -> None:
    queue = PartQueue()
    queue.add(file("a", 1))
    queue.allow(1)
    taken = threading.Event()

    def second_worker() -> None:
        if queue.take(1) is not None:
            taken.set()

    worker = threading.Thread(target=second_worker)
    worker.start()
    assert not taken.wait(0.05)
    queue.allow(2)
    worker.join(5)
    assert taken.is_set()


def test_an_idle_worker_waits_while_an_original_is_being_opened() -> None:
    queue = PartQueue()
    opening = file("a")
    opening.wanted.append(PROBE)
    queue.add(opening)
    queue.allow(2)
    assert queue.take(0) is not None
    got: list[int] = []

    def idle() -> None:
        taken = queue.take(1)
        got.append(taken[1].number if taken else 0)

    worker = threading.Thread(target=idle)
    worker.start()
    upload = MemoryArchive().begin("a", description(), part_size=10)
    opening.lay_out(upload, 25, "etag", 10, probed=10)
    queue.changed()
    worker.join(5)
    assert got == [2]


def test_closing_lets_every_worker_go() -> None:
    queue = PartQueue()
    queue.allow(2)
    worker = threading.Thread(target=lambda: queue.take(0))
    worker.start()
    queue.close()
    worker.join(5)
    assert not worker.is_alive()
    assert queue.take(0) is None


def test_after_an_error_no_part_is_handed_out_and_the_end_waits_for_those_that_move() -> None:
    transfer = file("a", 1, 2, 3)
    assert transfer.take()
    assert transfer.take()
    transfer.leave(StreamBroken("broken", got=1, expected=2))
    assert transfer.take() is None
    assert not transfer.ended.is_set(), "a part was still moving"
    transfer.leave(None)
    assert transfer.ended.is_set()
