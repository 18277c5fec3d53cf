"""Moving and still test pictures that play anywhere, made with PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from cloud_sync.clock import to_text
from cloud_sync.simulator.exif import with_capture_date

RATE = 30
_VIDEO = (1280, 720)
_PHOTO = (2000, 1500)

# which of the seven segments each digit lights: top, middle, bottom, then the four uprights
_LIT = {
    "0": "tblmrn", "1": "rn", "2": "tcbrm", "3": "tcbrn", "4": "clrn",
    "5": "tcbln", "6": "tcblmn", "7": "trn", "8": "tcblmrn", "9": "tcblrn",
}  # fmt: skip
_BOX = {
    "t": (0, 0, 60, 12),
    "c": (0, 54, 60, 12),
    "b": (0, 108, 60, 12),
    "l": (0, 0, 12, 60),
    "m": (0, 60, 12, 60),
    "r": (48, 0, 12, 60),
    "n": (48, 60, 12, 60),
}


def write_video(path: Path, number: int, frames: int, captured: datetime) -> None:
    """An MP4 of `frames` frames that shows `number` and a clock, dated `captured`.

    Raises OSError, or av.error.FFmpegError, where it cannot be written.
    """
    codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
    quality = {"preset": "ultrafast", "crf": "22"} if codec == "libx264" else {"qscale": "4"}
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        container.metadata["creation_time"] = to_text(captured)
        stream = container.add_stream(codec, rate=RATE, options=quality)
        if not isinstance(stream, VideoStream):
            raise TypeError(f"{codec} makes a {stream.type} stream")
        stream.width, stream.height = _VIDEO
        stream.pix_fmt = "yuv420p"
        # files are made side by side, one thread each
        stream.codec_context.thread_count = 1
        for frame in _frames(number, frames, _VIDEO, "yuv420p"):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_photo(path: Path, number: int, captured: datetime, camera: str) -> None:
    """A JPEG that shows `number`, with an EXIF date. Raises as `write_video` does."""
    encoder = VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = _PHOTO
    encoder.pix_fmt = "yuvj420p"
    encoder.framerate = Fraction(RATE)
    encoder.options = {"qmin": "2", "qmax": "4"}
    packets = [
        packet
        for frame in [*_frames(number, 1, _PHOTO, "yuvj420p"), None]
        for packet in encoder.encode(frame)
    ]
    jpeg = b"".join(bytes(packet) for packet in packets)
    path.write_bytes(with_capture_date(jpeg, captured, camera))


def _frames(number: int, count: int, size: tuple[int, int], pixels: str) -> Iterator[VideoFrame]:
    width, height = size
    steps = [
        ("testsrc2", f"size={width}x{height}:rate={RATE}"),
        ("hue", f"h={number * 47 % 360}"),
        *(("drawbox", box) for box in _digits(f"{number:03}", 100, 100)),
        # grain makes every file one of its own, and as big as real footage of its length
        ("noise", f"alls=11:allf=t:all_seed={number}"),
        ("format", pixels),
    ]
    graph = Graph()
    chain = [graph.add(name, arguments) for name, arguments in steps]
    chain.append(graph.add("buffersink"))
    for before, after in pairwise(chain):
        before.link_to(after)
    graph.configure()
    for _ in range(count):
        frame = graph.pull()
        if not isinstance(frame, VideoFrame):
            raise TypeError(f"the test picture is a {type(frame).__name__}")
        # the filter calls every frame a key frame; the encoder shall choose
        frame.pict_type = PictureType.NONE
        yield frame


def _digits(text: str, left: int, top: int) -> Iterator[str]:
    """Arguments of `drawbox` for big white digits; not every build can draw text."""
    for place, digit in enumerate(text):
        for segment in _LIT[digit]:
            x, y, width, height = _BOX[segment]
            yield f"x={left + place * 84 + x}:y={top + y}:w={width}:h={height}:color=white:t=fill"
