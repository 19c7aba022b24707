"""The same sample on a real S3 server (Ceph radosgw), compared with the directory object by object."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from votd.flows.outcome import Outcome
from votd.media.delivery.store import content_type

pytestmark = pytest.mark.all

VOTD = str(Path(sys.executable).with_name("votd"))


def test_the_sample_on_s3_is_the_sample_in_the_directory(
    published: tuple[Any, Outcome], sample: Path, bucket: str, gateway: dict[str, str]
) -> None:
    """Nothing is encoded again; every object is equal but for the record's times; a second time uploads nothing."""
    house, outcome = published
    given = os.environ | {
        "VOTD_HOME": str(house.home),
        "VOTD_S3__ENDPOINT": gateway["endpoint"],
        "VOTD_S3__PATH_STYLE": "true",
    }
    articles = ["--articles", str(sample / "articles")]
    command = [VOTD, "publish", str(sample / "sample.mp4"), *articles, "--to", f"s3://{bucket}/news/votd", "--direct"]
    first = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert "transcode reused" in first.stdout
    s3 = boto3.session.Session().client("s3", endpoint_url=gateway["endpoint"])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    stored = {o["Key"].removeprefix("news/votd/"): o["ETag"].strip('"') for p in pages for o in p["Contents"]}
    assert set(stored) == set(house.objects())
    timed = {f"videos/{outcome.record.id}/{outcome.record.version}/record.json", "index.json"}
    for key, tag in stored.items():
        if key not in timed:
            assert tag == hashlib.md5((house.site / key).read_bytes()).hexdigest(), key
        assert s3.head_object(Bucket=bucket, Key=f"news/votd/{key}")["ContentType"] == content_type(key)
    secret = gateway["secret_key"]
    assert secret not in first.stdout + first.stderr
    second = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert "nothing to do" in second.stdout
    print(f"{len(stored)} objects equal")


def test_without_keys_it_is_one_sentence(
    sample: Path, gateway: dict[str, str], keys: Callable[[str, str], None], tmp_path: Path
) -> None:
    """Wrong credentials are the operator's to mend: exit code 2, no traceback, no secret."""
    keys("AKWRONG", "averysecretwrongsecret")
    given = os.environ | {
        "VOTD_HOME": str(tmp_path),
        "VOTD_S3__ENDPOINT": gateway["endpoint"],
        "VOTD_S3__PATH_STYLE": "true",
    }
    command = [VOTD, "publish", str(sample / "sample.mp4"), "--to", "s3://nobody/x", "--direct"]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "averysecret" not in done.stderr
