"""The store in a bucket of S3 or of a server that speaks it. ``open_store`` imports this module when it is needed.

Credentials come only from boto3's own chain (environment, profile, role). Every object is written by one
conditional PutObject: Ceph's radosgw ignores ``If-None-Match`` when a multipart upload completes, so that two
writers of one key would both believe that they made it. Rights: s3:ListBucket, s3:GetObject and s3:PutObject.
"""

import contextlib
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as boto
from botocore.config import Config
from botocore.parsers import ResponseParserError

from votd.media import errors
from votd.media.delivery.store import (
    IMMUTABLE,
    POINTER,
    Checksum,
    Snapshot,
    arriving,
    check_key,
    content_type,
    opened,
)

LARGEST = 5 * 1024**3  # bytes that S3 takes in one PutObject

_ATTEMPTS = 3  # of one request, by boto3; a host that never answers then costs 3 × 5 s and the pauses
_ROUNDS = 5  # of one conditional write whose outcome had to be looked up
_CHUNK = 1 << 20
_MARK = "votd-write"  # metadata: a random name of the call that wrote this object

# The write may have been made, or not, or lost a race: 409 of S3 means "again", radosgw answers 500 where two
# writers compare the same tag at once, a 412 may follow a lost answer, and If-Match finds nothing at NoSuchKey.
_UNDECIDED = {409, 412, 500}
_BUSY = {"RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded"}
_OUT_OF_REACH = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.IncompleteReadError,
    boto.ChecksumError,
    boto.MetadataRetrievalError,
)
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
    boto.SSOError,
    boto.LoginError,
)


class S3Store:
    """Objects of one bucket whose keys begin with ``prefix/``; tags are ETags, without quotes.

    ``path_style`` puts the bucket into the path instead of the host's name. ``checksum`` is boto3's mode:
    ``when_required`` for servers that refuse the checksums it has been sending since 1.36.
    """

    def __init__(self, bucket: str, prefix: str, *, endpoint: str | None, path_style: bool, checksum: Checksum) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", bucket):
            # What it names instead is not repeated: somebody may have put a password into it.
            raise errors.BadRequest("The store's address must name a bucket: s3://BUCKET/PREFIX.")
        if prefix:
            check_key(prefix)
        self._bucket = bucket
        self._prefix = prefix and prefix + "/"
        self.address = f"s3://{bucket}/{prefix}".rstrip("/")
        self._client = _client(endpoint, path_style, checksum)
        host = urlsplit(self._client.meta.endpoint_url).netloc.rpartition("@")[2]  # without a password
        self._place = f"The bucket {bucket} at {host}"

    def list(self, prefix: str) -> dict[str, int]:
        """See ``Store.list``; what has no key of ours (a folder's marker, say) is left out."""
        check_key(prefix + "x")
        found: dict[str, int] = {}
        with self._explained():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for entry in page.get("Contents", ()):
                    key = str(entry["Key"]).removeprefix(self._prefix)
                    with contextlib.suppress(errors.BadRequest):
                        check_key(key)
                        found[key] = int(entry["Size"])
        return found

    def read(self, key: str) -> Snapshot | None:
        """See ``Store.read``."""
        check_key(key)
        with self._explained():
            answer = self._ask(self._client.get_object, key, "NoSuchKey")
            if answer is None:
                return None
            # Not "with body": that gives the raw connection, whose end nobody compares with the length.
            with contextlib.closing(answer["Body"]) as body:
                return Snapshot(body.read(), _tag(answer))

    def fetch(self, key: str, to: Path) -> None:
        """See ``Store.fetch``; boto3 compares the length of what came, and its checksum where there is one."""
        check_key(key)
        with self._explained():
            answer = self._ask(self._client.get_object, key, "NoSuchKey")
        if answer is None:
            raise errors.ToolFailed(f"{key} is missing in {self.address}.")
        with arriving(to) as out, self._explained(), contextlib.closing(answer["Body"]) as body:
            for chunk in body.iter_chunks(_CHUNK):
                out.write(chunk)

    def create(self, key: str, source: Path | bytes) -> bool:
        """See ``Store.create``."""
        check_key(key)
        with opened(source) as stream, self._explained():
            if stream.seek(0, os.SEEK_END) > LARGEST:
                raise errors.BadRequest(f"{key} has more than the 5 GiB that one request may bring: make it smaller.")
            return self._put(key, stream, None, IMMUTABLE)

    def swap(self, key: str, data: bytes, tag: str | None) -> bool:
        """See ``Store.swap``."""
        check_key(key)
        with opened(data) as stream, self._explained():
            return self._put(key, stream, tag, POINTER)

    def _put(self, key: str, stream: BinaryIO, tag: str | None, cache: str) -> bool:
        """Write if what stands there still has ``tag``; where the answer leaves it open, look and decide.

        The mark says whether a write was ours, whatever became of its answers. RFC 9110 quotes the tag in
        If-Match, radosgw wants it bare: a refusal while the tag still stands is tried in the other form.
        """
        mark = uuid.uuid4().hex
        head = {"ContentType": content_type(key), "CacheControl": cache, "Metadata": {_MARK: mark}}
        for again in range(_ROUNDS):
            condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": f'"{tag}"' if again % 2 else tag}
            stream.seek(0)
            try:
                self._client.put_object(**self._named(key), Body=stream, **head, **condition)
                return True
            except boto.ClientError as e:
                if _status(e) not in _UNDECIDED and _code(e) != "NoSuchKey":
                    raise
            standing = self._ask(self._client.head_object, key, "404")
            if standing and standing["Metadata"].get(_MARK) == mark:
                return True
            if (standing and _tag(standing)) != tag:
                return False
            time.sleep(0.1 * 2**again)
        raise errors.Unavailable(f"{self._place} did not decide who writes {key}: try again.")

    def _ask(self, operation: Callable[..., Any], key: str, missing: str) -> Any:
        """Return the answer about one object, ``None`` for the code ``missing``.

        Any other 404 comes from a web server that is no S3, and must not look like an empty store.
        """
        try:
            return operation(**self._named(key))
        except boto.ClientError as e:
            if _code(e) == missing:
                return None
            raise

    def _named(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn boto3's errors into ours; its own texts may hold addresses and keys and are left out."""
        try:
            yield
        except boto.ClientError as e:
            raise _refusal(self._place, _status(e), _code(e)) from e
        except _NO_CREDENTIALS as e:
            reason = "boto3 finds no credentials for the store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            raise errors.BadRequest(f"{reason}, or a profile that works.") from e
        except _OUT_OF_REACH as e:
            if "CERTIFICATE_VERIFY_FAILED" in str(e):
                reason = f"{self._place} shows a certificate that is not trusted: correct it, or set AWS_CA_BUNDLE."
                raise errors.BadRequest(reason) from e
            raise errors.Unavailable(f"{self._place} cannot be reached ({type(e).__name__}): try again later.") from e
        except (boto.BotoCoreError, ResponseParserError) as e:
            reason = f"{self._place} does not work as S3 ({type(e).__name__}): check the endpoint and path style."
            raise errors.BadRequest(reason) from e


def _client(endpoint: str | None, path_style: bool, checksum: Checksum) -> Any:
    config = Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=16,
        s3={"addressing_style": "path" if path_style else "auto"},
        request_checksum_calculation=checksum,
        response_checksum_validation=checksum,
    )
    try:
        # A session of its own: boto3's default one must not be shared between threads.
        return boto3.session.Session().client("s3", endpoint_url=endpoint, config=config)
    except (boto.BotoCoreError, ValueError) as e:
        reason = f"boto3 cannot use these settings ({type(e).__name__}): check the endpoint and the AWS profile."
        raise errors.BadRequest(reason) from e


def _refusal(place: str, status: int, code: str) -> errors.VotdError:
    """Sort a server's refusal by who can do something about it."""
    if code == "NoSuchBucket":
        return errors.BadRequest(f"{place} does not exist: make it, or correct the store's address.")
    if status in (401, 403):
        return errors.BadRequest(f"{place} refuses these credentials ({code}): check them, their rights and the clock.")
    if code in _BUSY or status == 429 or (status >= 500 and status != 501):
        return errors.Unavailable(f"{place} is not able to answer now ({code}): try again later.")
    return errors.BadRequest(f"{place} refuses the request ({code}): check endpoint, path style and checksum mode.")


def _status(e: Any) -> int:
    return int(e.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(e: Any) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", str(e.response.get("Error", {}).get("Code")))[:40]


def _tag(answer: Any) -> str:
    return str(answer["ETag"]).strip('"')
