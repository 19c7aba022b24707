"""A public record to make pages of."""

from typing import Any

import pytest

VERSION = "videos/2025-11-23-troops/0a1b2c3d4e5f"
MEDIA = "media/" + "ab" * 32 + "/k1-a1"


@pytest.fixture
def facts() -> dict[str, Any]:
    """Return the fields of a plain record: landscape, English, one caption track, one linked article."""
    return {
        "schema": 1,
        "id": "2025-11-23-troops",
        "version": "0a1b2c3d4e5f",
        "date": "2025-11-23",
        "published_at": "2025-11-23T18:00:00+01:00",
        "updated_at": "2025-11-23T18:00:00+01:00",
        "title": "Andonovic: European troops in Ukraine?",
        "description": "What Paris, Berlin and London must agree on before a single soldier crosses the border.",
        "commentator": "Andonovic",
        "rubric": "Video of the day",
        "duration_ms": 8000,
        "language": "en",
        "source": {"sha256": "ab" * 32, "width": 640, "height": 360, "frame_rate": 25.0, "duration_ms": 8000},
        "hls": f"{VERSION}/master.m3u8",
        "mp4": f"{MEDIA}/video.mp4",
        "poster": f"{MEDIA}/poster.jpg",
        "renditions": [],
        "captions": [
            {
                "language": "en",
                "kind": "captions",
                "label": "English",
                "vtt": f"{VERSION}/captions.en.vtt",
                "srt": f"{VERSION}/captions.en.srt",
                "origin": "machine",
            }
        ],
        "transcript": f"{VERSION}/transcript.json",
        "articles": [
            {
                "title": "VIDEO | Andonovic: European troops in Ukraine?",
                "url": "https://news.example/andonovic?page=1&part=2",
                "language": "en",
                "status": "linked",
                "origin": "machine",
                "score": 0.9,
            }
        ],
        "speech": {"model": "base"},
        "page": f"{VERSION}/index.html",
    }
