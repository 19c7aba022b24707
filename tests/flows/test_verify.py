"""``votd verify`` over a directory store and over HTTP."""

import asyncio
import http.server
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from votd.flows.verify import as_json, failure, lines, verify_store, verify_url
from votd.media import errors
from votd.media.delivery.store import open_store
from votd.media.verify.report import Report


@pytest.fixture(scope="module")
def site(make_clip: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a small clip once; return the store's folder."""
    from votd.config.settings import load
    from votd.flows import story
    from votd.flows.display import Ledger
    from votd.flows.request import Request

    folder = tmp_path_factory.mktemp("site")
    settings = load(home=folder / "home", store=f"file:{folder / 'site'}", model="base")
    clip = make_clip("clip.mp4", seconds=8, size="640x360")
    asyncio.run(story.publish_here(Request(video=clip), settings, Ledger()))
    return folder / "site"


@pytest.fixture
def plain_server(site: Path) -> Iterator[str]:
    """Serve the store with a server that knows no types and compresses nothing."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(site))

        def guess_type(self, path: Any) -> str:
            return "text/plain"

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def the_id(site: Path) -> str:
    """Return the id of the video that was published."""
    return str(json.loads((site / "latest.json").read_text())["id"])


def failing(report: Report) -> list[str]:
    """Return the rules that fail."""
    return sorted({each.rule for each in report.failures})


def test_a_directory_store_passes(site: Path, ffmpeg: str) -> None:
    """The latest version and the same one by its id have the same report, without a failure."""
    store = open_store(f"file:{site}")
    latest = asyncio.run(verify_store(store, None, ffmpeg))
    assert not latest.failures
    assert asyncio.run(verify_store(store, the_id(site), ffmpeg)) == latest


def test_an_address_passes(site: Path, ffmpeg: str, serving: Callable[[Path], str]) -> None:
    """What ``votd serve`` gives away is the same version, and its types and compression are right."""
    here = asyncio.run(verify_store(open_store(f"file:{site}"), None, ffmpeg))
    there = asyncio.run(verify_url(serving(site) + "/", the_id(site), ffmpeg))
    assert not there.failures
    assert [each for each in there.findings if each.rule != "17"] == list(here.findings)
    assert [each.subject for each in there.findings if each.rule == "17"] == ["MIME types", "compression"]


def test_a_server_without_types_is_found(plain_server: str, ffmpeg: str) -> None:
    """Segments of an unknown type and a playlist that is not compressed are findings of rule 17."""
    report = asyncio.run(verify_url(plain_server, None, ffmpeg))
    assert failing(report) == ["17"]
    found = {(each.subject.rpartition(".")[2], each.detail.partition(":")[0]) for each in report.failures}
    assert {("m4s", "MIME types"), ("m3u8", "compression")} <= found


def test_an_object_that_is_gone_is_found_over_http(
    site: Path, tmp_path: Path, ffmpeg: str, serving: Callable[[Path], str]
) -> None:
    """A segment that the server does not have is a finding, and everything else is still judged."""
    shutil.copytree(site, tmp_path / "site")
    next((tmp_path / "site").rglob("360p/00002.m4s")).unlink()
    report = asyncio.run(verify_url(serving(tmp_path / "site"), None, ffmpeg))
    assert any(each.rule == "1" and each.subject.endswith("360p/00002.m4s") for each in report.failures)
    assert {each.rule for each in report.findings} >= {"3", "7", "13", "14", "16", "17", "25"}


@pytest.mark.parametrize("id_", ["2020-01-01-none", "../..", "a/b", ".votd", ""])
def test_an_unknown_id_is_a_wrong_request(site: Path, ffmpeg: str, serving: Callable[[Path], str], id_: str) -> None:
    """An id that was never published, or that is none, is for whoever gave it."""
    with pytest.raises(errors.BadRequest):
        asyncio.run(verify_store(open_store(f"file:{site}"), id_, ffmpeg))
    with pytest.raises(errors.BadRequest):
        asyncio.run(verify_url(serving(site), id_, ffmpeg))


def test_an_empty_store_is_a_wrong_request(tmp_path: Path, ffmpeg: str, serving: Callable[[Path], str]) -> None:
    """Where nothing is published, nothing can be judged."""
    with pytest.raises(errors.BadRequest, match="Nothing is published"):
        asyncio.run(verify_store(open_store(f"file:{tmp_path}"), None, ffmpeg))
    with pytest.raises(errors.BadRequest, match="Nothing is published"):
        asyncio.run(verify_url(serving(tmp_path), None, ffmpeg))


@pytest.mark.parametrize("address", ["ftp://example.org/a", "http://", "http://[", "https://exa mple"])
def test_a_wrong_address_is_a_wrong_request(address: str, ffmpeg: str) -> None:
    """Only HTTP is spoken, and only to a host."""
    with pytest.raises(errors.BadRequest):
        asyncio.run(verify_url(address, None, ffmpeg))


def test_a_server_that_is_away_is_unavailable(ffmpeg: str) -> None:
    """Nobody answers: the same command may work later."""
    with pytest.raises(errors.Unavailable):
        asyncio.run(verify_url("http://127.0.0.1:9", None, ffmpeg))


@pytest.mark.parametrize("pointer", ["{", "[]", '{"record": 3}', '{"record": "../../x"}', '{"record": "/etc/passwd"}'])
def test_a_damaged_pointer_is_said(tmp_path: Path, ffmpeg: str, serving: Callable[[Path], str], pointer: str) -> None:
    """A pointer that names nothing that could be a record is no crash, and no file is read by it."""
    (tmp_path / "latest.json").write_text(pointer)
    with pytest.raises(errors.ToolFailed, match=r"latest\.json is damaged"):
        asyncio.run(verify_store(open_store(f"file:{tmp_path}"), None, ffmpeg))
    with pytest.raises(errors.ToolFailed, match=r"latest\.json is damaged"):
        asyncio.run(verify_url(serving(tmp_path), None, ffmpeg))


def test_the_table_says_every_finding(site: Path, tmp_path: Path, ffmpeg: str) -> None:
    """A line for each finding, a word for each failure, and one sentence in the end."""
    shutil.copytree(site, tmp_path / "site")
    next((tmp_path / "site").rglob("360p/00002.m4s")).unlink()
    report = asyncio.run(verify_store(open_store(f"file:{tmp_path / 'site'}"), None, ffmpeg))
    said = [*lines(report.findings)]
    assert len(said) == len(report.findings)
    assert sum("FAILED" in line for line in said) == len(report.failures) > 0
    assert f"{len(report.failures)} things are wrong (rule 1," in failure(report, "It", "Mend it.")
    assert json.loads(as_json(report))["ok"] is False


@pytest.mark.all
def test_a_bucket_passes(site: Path, ffmpeg: str, gateway: dict[str, str], bucket: str) -> None:
    """What stands in S3 is fetched and judged as what stands in a folder."""
    store = open_store(f"s3://{bucket}/votd", endpoint=gateway["endpoint"], path_style=True, checksum="when_required")
    for file in (path for path in site.rglob("*") if path.is_file() and ".votd" not in path.parts):
        store.create(str(file.relative_to(site)), file)
    here = asyncio.run(verify_store(open_store(f"file:{site}"), None, ffmpeg))
    assert asyncio.run(verify_store(store, None, ffmpeg)) == here
