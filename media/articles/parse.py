"""The child that reads what strangers' sites send; see ``reader.py``."""

import base64
import json
from typing import Any

from votd.media import process, schema
from votd.media.articles.feeds import listing
from votd.media.articles.page import read_page
from votd.media.process import Progress


def main(request: dict[str, Any], _: Progress) -> Any:
    """Answer one request with the JSON of a noun."""
    body, url = base64.b64decode(request["body"]), request["url"]
    found = listing(body, url) if request["what"] == "listing" else read_page(body, url)
    return json.loads(schema.dump(found))


if __name__ == "__main__":
    process.answer(main)
