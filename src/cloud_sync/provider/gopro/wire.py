"""The GoPro cloud's answers as model objects, purely.

Nobody outside GoPro documents these answers. What is known was observed: unknown fields and
values appear over time, numbers come as text, and almost anything may be null or missing. So only
what cannot be done without is demanded, and what is not understood is named.
"""

from __future__ import annotations

from typing import Any

from cloud_sync.errors import ServiceUnavailable
from cloud_sync.model.media import Account, MediaFile, MediaItem, Page
from cloud_sync.provider.gopro.originals import Descriptor, Offer, choose_originals
from cloud_sync.provider.gopro.values import (
    decoded_object,
    extension,
    instant,
    kind_of,
    member_list,
    member_object,
    not_understood,
    optional_list,
    seconds,
    shown,
    text,
    whole,
)

ROW_FIELDS = (
    "id",
    "type",
    "filename",
    "file_extension",
    "file_size",
    "item_count",
    "ready_to_view",
    "captured_at",
    "created_at",
    "updated_at",
    "source_duration",
)
"""What is asked of each row of a listing; the rows' own `token` is a secret and left out."""

READY = "ready"
"""The one state in which a medium is fetched.

In every other (uploading, transcoding, updating, live, failure, unknown, or one not known yet)
parts may still be missing or change, so the medium waits as pending and is looked at again.
"""

_ID_LIMIT = 200


def parse_page(body: object, requested: int) -> Page:
    """Page `requested` of a listing, from the answer's bytes or the decoded answer.

    The page is the last when it holds no row: page counts are not believed, they have been wrong.
    ServiceUnavailable when the first page is empty although the answer counts media.
    """
    doing = f"reading page {requested} of the camera cloud's listing"
    root = decoded_object(body, doing)
    embedded = member_object(root, "_embedded", "_embedded", doing)
    rows = member_list(embedded, "media", "_embedded.media", doing)
    pages = root.get("_pages")
    total = whole(pages.get("total_items")) if isinstance(pages, dict) else None
    if not rows and requested == 1 and total:
        raise ServiceUnavailable(f"{doing}: it is empty, although {total} media are counted")
    items: list[MediaItem] = []
    unreadable = _reported_errors(embedded, requested)
    for index, row in enumerate(rows):
        item = _item(row)
        if item is None:
            unreadable.append(_why_unreadable(row, f"page {requested}, row {index + 1}"))
        else:
            items.append(item)
    return Page(tuple(items), tuple(unreadable), total, last=not rows)


def _reported_errors(embedded: dict[str, Any], requested: int) -> list[str]:
    """The cloud's own complaints about a page: what they mean is unknown, so they are told."""
    errors = embedded.get("errors")
    if not errors:
        return []
    count = len(errors) if isinstance(errors, list) else 1
    return [f"page {requested}: the camera cloud itself reports an error with it"] * count


def _item(row: object) -> MediaItem | None:
    if not isinstance(row, dict) or not (media_id := _id(row.get("id"))):
        return None
    state = text(row.get("ready_to_view")).strip()
    return MediaItem(
        id=media_id,
        type=text(row.get("type")).strip(),
        filename=text(row.get("filename")),
        extension=extension(row.get("file_extension")),
        state=state,
        ready=state.lower() == READY,
        # an original of no bytes does not exist: 0 stands for a size not known yet
        size=whole(row.get("file_size")) or None,
        file_count=whole(row.get("item_count")) or 1,
        captured_at=instant(row.get("captured_at")),
        uploaded_at=instant(row.get("created_at")),
        updated_at=instant(row.get("updated_at")),
        duration_seconds=seconds(row.get("source_duration")),
    )


def _id(value: object) -> str:
    """The id, empty when there is none that can stand in a request's path and in a database.

    Half a surrogate pair makes it none: made fit, as in other texts, it would be another id.
    """
    media_id = text(value)
    if isinstance(value, str) and media_id != value:
        return ""
    sound = media_id.isprintable() and not any(char in " /\\?#" for char in media_id)
    return media_id if sound and len(media_id) <= _ID_LIMIT and media_id.strip(".") else ""


def _why_unreadable(row: object, place: str) -> str:
    if not isinstance(row, dict):
        return f"{place}: it is {kind_of(row)} where an object was expected"
    name = shown(row.get("filename")) or "a medium without a file name"
    if "id" not in row:
        return f"{place} ({name}): `id` is missing"
    return f"{place} ({name}): `id` is {kind_of(row['id'])} that cannot be used as an id"


def parse_user(body: object) -> Account:
    """Whose login it is. The id is empty where the answer does not tell: the login works anyway."""
    doing = "reading the camera cloud's answer about the account"
    root = decoded_object(body, doing)
    places: list[object] = [root, root.get("user"), root.get("_embedded")]
    places += [place.get("user") for place in places if isinstance(place, dict)]
    for place in places:
        if isinstance(place, dict):
            for name in ("user_id", "gopro_user_id", "id"):
                if account_id := text(place.get(name)):
                    return Account(account_id)
    for name in ("error", "errors"):
        if root.get(name):
            raise not_understood(doing, f"`{name}` stands where an account was expected")
    return Account("")


def parse_download(body: object, item: MediaItem) -> tuple[MediaFile, ...]:
    """All originals of `item`, by number, from what the cloud offers for download.

    Raises NoOriginal when none is offered, NotReady when one is announced but not available yet,
    and SourceNotUnderstood when the offer cannot be read, or holds fewer originals than the listing
    promises.
    """
    doing = f"looking for the original of {described(item)}"
    root = decoded_object(body, doing)
    embedded = member_object(root, "_embedded", "_embedded", doing)
    variations = member_list(embedded, "variations", "_embedded.variations", doing)
    files = optional_list(embedded, "files", "_embedded.files", doing)
    sidecars = optional_list(embedded, "sidecar_files", "_embedded.sidecar_files", doing)
    descriptor = Descriptor(
        filename=item.filename or text(root.get("filename")),
        files=_offers(files, "_embedded.files", doing),
        variations=_offers(variations, "_embedded.variations", doing),
        sidecars=_offers(sidecars, "_embedded.sidecar_files", doing),
    )
    return choose_originals(descriptor, item, doing)


def described(item: MediaItem) -> str:
    """The item as a message names it."""
    return f"{shown(item.id)} ({shown(item.filename) or 'no file name'})"


def _offers(entries: list[Any], path: str, doing: str) -> tuple[Offer, ...]:
    offers = []
    for index, entry in enumerate(entries):
        place = f"{path}[{index}]"
        if not isinstance(entry, dict):
            # it may be the very original, so it is not passed over
            raise not_understood(
                doing, f"`{place}` is {kind_of(entry)} where an object was expected"
            )
        offers.append(_offer(entry, place))
    return tuple(offers)


def _offer(entry: dict[str, Any], path: str) -> Offer:
    url = entry.get("url")
    several = entry.get("urls")
    if url is None and isinstance(several, list) and len(several) == 1:
        url = several[0]
    return Offer(
        path=path,
        label=text(entry.get("label")).strip().lower(),
        kind=extension(entry.get("type")),
        position=text(entry.get("camera_position")).strip().lower() or "default",
        item_number=whole(entry.get("item_number")) or None,
        url=url,
        available=entry.get("available") not in (False, 0, "false", "False"),
    )
