"""Candidates from text and HTML files, the good and the odd."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from votd.media.articles.files import MAX_BYTES
from votd.media.articles.gather import gather_folder
from votd.media.articles.index import Index
from votd.media.articles.read import files, read_file
from votd.media.errors import BadRequest

TEXT = "VIDEO | A bridge\n\nThe bridge of Vrbica is closed.\n\nIt opens\nin May.\n"
MACEDONIAN = "ВИДЕО | Мост\n\nМостот во Ѓорче Петров е затворен. Љубов и ќерка.\n"
PAGE = """<!doctype html><html lang="mk-MK"><head><meta charset="{charset}"><title>Мост - Весник</title>
<meta property="og:title" content="ВИДЕО | Мост кај Врбица">
<link rel="canonical" href="{url}"><meta property="article:published_time" content="{date}"></head>
<body><nav><a href="/">Дома</a></nav><article><h1>ВИДЕО | Мост кај Врбица</h1>
<p>Мостот кај Врбица е затворен од понеделник, соопшти градоначалничката Илина Димова.</p>
<p>Поправката ќе чини 340.000 евра и ќе трае до мај, а автобусите возат преку Каменово.</p></article>
<footer>Сите права се задржани 2019-03-04</footer></body></html>"""
ADDRESS = "https://news.example/most"


def page(charset: str = "utf-8", url: str = ADDRESS, date: str = "2026-03-05T21:30:00+01:00") -> str:
    """Return a small page of a news site."""
    return PAGE.format(charset=charset, url=url, date=date)


def test_text(tmp_path: Path) -> None:
    """Take the first line as the title and the blocks as paragraphs; know nothing that the file does not say."""
    (tmp_path / "bridge.txt").write_text("\n\n" + TEXT)
    article = read_file(tmp_path / "bridge.txt")
    assert (article.title, article.file) == ("VIDEO | A bridge", "bridge.txt")
    assert article.paragraphs == ("The bridge of Vrbica is closed.", "It opens in May.")
    assert (article.url, article.date, article.language) == (None, None, None)


def test_text_without_empty_lines(tmp_path: Path) -> None:
    """Take every line as a paragraph where no empty line separates any."""
    (tmp_path / "a.txt").write_text("Title\r\nOne.\r\nTwo.\r\n")
    assert read_file(tmp_path / "a.txt").paragraphs == ("One.", "Two.")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """Read Macedonian in the encodings that newsrooms save."""
    (tmp_path / "a.txt").write_bytes(MACEDONIAN.encode(encoding))
    article = read_file(tmp_path / "a.txt")
    assert article.title == "ВИДЕО | Мост"
    assert article.paragraphs == ("Мостот во Ѓорче Петров е затворен. Љубов и ќерка.",)


def test_western_encoding(tmp_path: Path) -> None:
    """Do not take accented Latin for Cyrillic."""
    (tmp_path / "a.txt").write_bytes("Élysée: café and “troops”".encode("windows-1252"))
    assert read_file(tmp_path / "a.txt").title == "Élysée: café and “troops”"


def test_sidecar(tmp_path: Path) -> None:
    """Take address, date and language from the YAML file beside a text."""
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "a.yaml").write_text(f"url: {ADDRESS}\ndate: 2026-03-05\nlanguage: EN-us\n")
    article = read_file(tmp_path / "a.txt")
    assert (article.url, article.date, article.language) == (ADDRESS, dt.date(2026, 3, 5), "en-us")


@pytest.mark.parametrize(
    ("sidecar", "sentence"),
    [
        ("url: javascript:alert(1)", "a.yaml: url 'javascript:alert(1)' is not an http or https address."),
        ("url: file:///etc/passwd", "a.yaml: url 'file:///etc/passwd' is not an http or https address."),
        ("url: https://user:word@news.example/", "is not an http or https address."),
        ("date: tomorrow", "a.yaml: date 'tomorrow' is not a date, write it as YYYY-MM-DD."),
        ("date: 2026-02-30", "a.yaml is not YAML"),
        ("language: no", "a.yaml: language 'False' is not a language code, write it in quotes"),
        ("langauge: mk", "a.yaml has an unknown field 'langauge', only url, date and language are read."),
        ("- url", "a.yaml is not a list of fields"),
        ("url: [", "a.yaml is not YAML"),
        ("[" * 4_000, "a.yaml is not YAML"),
        ("# " + "x" * 4_000, "a.yaml is larger than 4,000 bytes"),
        ("!!python/object/apply:os.system ['true']", "a.yaml is not YAML"),
    ],
)
def test_bad_sidecar(tmp_path: Path, sidecar: str, sentence: str) -> None:
    """Refuse an odd sidecar with one sentence that names the field."""
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "a.yaml").write_text(sidecar)
    with pytest.raises(BadRequest) as caught:
        read_file(tmp_path / "a.txt")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
def test_page(tmp_path: Path, charset: str) -> None:
    """Take title, text, canonical address, date and language out of a page, and leave its frame."""
    (tmp_path / "most.html").write_bytes(page(charset).encode(charset))
    article = read_file(tmp_path / "most.html")
    assert article.title == "ВИДЕО | Мост кај Врбица"
    assert (article.url, article.date, article.language) == (ADDRESS, dt.date(2026, 3, 5), "mk-MK")
    text = " ".join(article.paragraphs)
    assert "340.000 евра" in text
    assert "Дома" not in text
    assert "права" not in text


def test_page_that_declares_a_false_encoding(tmp_path: Path) -> None:
    """Read UTF-8 as UTF-8 whatever the page says, and survive a codec that makes no text."""
    for declared in ("windows-1251", "rot13", "no-such-thing"):
        (tmp_path / "most.html").write_text(page(declared))
        assert read_file(tmp_path / "most.html").title == "ВИДЕО | Мост кај Врбица"


def test_page_without_metadata(tmp_path: Path) -> None:
    """Leave the date unknown where only the text holds dates, and refuse an address that could run."""
    text = page(url="javascript:alert(1)").replace("article:published_time", "unknown:time")
    (tmp_path / "most.html").write_text(text)
    article = read_file(tmp_path / "most.html")
    assert (article.url, article.date) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<meta property", '<meta itemprop="datePublished" content="2026-03-05"><meta property', dt.date(2026, 3, 5)),
        (
            "</head>",
            '<script type="application/ld+json">{"datePublished": "2026-03-05T20:00:00Z"}</script></head>',
            dt.date(2026, 3, 5),
        ),
        ("<article>", '<article><time datetime="2026-03-05">понеделник</time>', dt.date(2026, 3, 5)),
        ("<nav>", '<nav><time datetime="2026-03-09">денес</time>', None),
        ("<p>", "<p>5 March 2026. ", None),
    ],
)
def test_where_a_page_states_its_date(tmp_path: Path, old: str, new: str, expected: dt.date | None) -> None:
    """Believe metadata, linked data and the article's own time, and nothing that only looks like a date."""
    text = page().replace("article:published_time", "unknown:time").replace(old, new, 1)
    (tmp_path / "most.html").write_text(text)
    assert read_file(tmp_path / "most.html").date == expected


def test_page_with_an_xml_declaration(tmp_path: Path) -> None:
    """Read a page that begins like XML."""
    (tmp_path / "most.html").write_text('<?xml version="1.0" encoding="utf-8"?>\n' + page())
    assert read_file(tmp_path / "most.html").paragraphs


def test_page_opens_no_connection_and_no_file(tmp_path: Path) -> None:
    """Parse a page that points everywhere without a socket, and without reading what an entity names."""
    (tmp_path / "secret").write_text("the secret of the entity")
    text = page().replace("<!doctype html>", f'<!DOCTYPE html [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>')
    text = text.replace(
        "<p>", '<p>&x; <img src="http://127.0.0.1:9/x.png"> <iframe src="http://127.0.0.1:9/"></iframe>'
    )
    text = text.replace(
        "</head>", '<base href="http://127.0.0.1:9/"><script src="http://127.0.0.1:9/x.js"></script></head>'
    )
    (tmp_path / "most.html").write_text(text)
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from votd.media.articles.read import read_file\n"
        "import trafilatura\n"
        "def watch(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.bind'): print('SOCKET', event, args)\n"
        "    if event == 'open' and 'secret' in str(args[0]): print('FILE', args)\n"
        "sys.addaudithook(watch)\n"
        "article = read_file(Path(sys.argv[1]))\n"
        "print(article.title, 'the secret of' in ' '.join(article.paragraphs))\n"
    )
    argv = [sys.executable, "-P", "-c", program, str(tmp_path / "most.html")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ВИДЕО | Мост кај Врбица False"


def test_page_that_would_take_minutes(tmp_path: Path) -> None:
    """Refuse a page of far more elements than any article has, instead of searching it."""
    (tmp_path / "most.html").write_text(page().replace("<p>", "<p>a " * 16_000))
    with pytest.raises(BadRequest, match="15,000 elements"):
        read_file(tmp_path / "most.html")


def test_reading_text_loads_no_html_parser(tmp_path: Path) -> None:
    """Import trafilatura only for a page."""
    (tmp_path / "a.txt").write_text(TEXT)
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from votd.media.articles.read import files, read_file\n"
        "print(*(read_file(path).file for path in files(Path(sys.argv[1]))), 'trafilatura' in sys.modules)\n"
    )
    argv = [sys.executable, "-P", "-c", program, str(tmp_path)]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip() == "a.txt False"


def test_folder(tmp_path: Path) -> None:
    """Take in what is an article; every odd file costs one sentence, in the order of names, and no other file."""
    inside, outside = tmp_path / "inside", tmp_path / "outside.txt"
    inside.mkdir()
    outside.write_text("Secret\n\nOf the machine.")
    for name in ("b.txt", "a.TXT", ".hidden.txt", "notes.rst", "b.txt.part", "picture.jpg"):
        (inside / name).write_text(TEXT)
    (inside / "a.yaml").write_text("language: en")
    (inside / "c.html").write_text(page())
    (inside / "empty.txt").write_text(" \n \n")
    (inside / "binary.txt").write_bytes(bytes(range(256)) * 4)
    (inside / "huge.txt").write_bytes(b"a" * (MAX_BYTES + 1))
    (inside / "folder.txt").mkdir()
    (inside / "words.html").write_text("only words")
    (inside / "out.txt").symlink_to(outside)
    (inside / "loop.txt").symlink_to(inside / "loop.txt")
    (inside / "z-link.txt").symlink_to(inside / "b.txt")
    os.mkfifo(inside / "pipe.txt")
    index = Index()
    named = [problem.split(" ")[0] for problem in gather_folder(index, inside)]
    assert sorted(index.fingerprints(str(inside))) == ["a.TXT", "b.txt", "c.html", "z-link.txt"]
    assert named == ["binary.txt", "empty.txt", "folder.txt", "huge.txt", "pipe.txt", "words.html"]


def test_a_sidecar_that_leads_out_is_not_read(tmp_path: Path) -> None:
    """Do not follow a sidecar to another folder."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside.yaml").write_text("language: mk")
    (tmp_path / "inside/a.txt").write_text(TEXT)
    (tmp_path / "inside/a.yaml").symlink_to(tmp_path / "outside.yaml")
    assert read_file(tmp_path / "inside/a.txt").language is None


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    """Give an odd file name a form that JSON can carry."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    path.write_text(TEXT)
    assert read_file(path).file.encode() == "caf�.txt".encode()


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_no_folder(tmp_path: Path, name: str) -> None:
    """Refuse what is not a folder."""
    (tmp_path / "file.txt").write_text(TEXT)
    with pytest.raises(BadRequest, match="is not a folder that can be read"):
        next(files(tmp_path / name))


@pytest.mark.parametrize("name", ["missing.txt", "a.docx"])
def test_no_article(tmp_path: Path, name: str) -> None:
    """Refuse a file that is not there or of another type."""
    with pytest.raises(BadRequest, match=name):
        read_file(tmp_path / name)


def test_a_huge_title_is_cut(tmp_path: Path) -> None:
    """Shorten a title that can only be a mistake."""
    (tmp_path / "a.txt").write_text("A" * 100_000)
    assert len(read_file(tmp_path / "a.txt").title) == 300


def test_markdown_is_read_without_its_signs(tmp_path: Path) -> None:
    """The first heading is the title, wherever it stands; addresses, emphasis and front matter are no words."""
    (tmp_path / "a.md").write_text(
        "---\ndraft: true\n---\nSkopje, *Monday*.\n\n# Buses for **Bitola**\n\n"
        "The [council](http://a.example/b)\nagreed.\n\n"
        "- one `bus`\n- two\n\n## More\n\n![picture](p.png)\n"
    )
    article = read_file(tmp_path / "a.md")
    assert article.title == "Buses for Bitola"
    assert article.paragraphs == ("Skopje, Monday.", "The council agreed.", "one bus", "two", "More")
