"""Which encoding a text file is in, with the evidence for it, and the same text as UTF-8.

UTF-8 is the rule; another encoding is believed when it is declared, when a byte order mark or the zero bytes of UTF-16
name it, or when the bytes show it: GB18030 by the characters that Chinese text is made of, Windows-1252 by the letters
of one western language. Not covered: every other legacy encoding (Big5, Shift-JIS, EUC-KR, Cyrillic and Central
European code pages). They cannot be told from each other with certainty on short text, so they must be declared;
undeclared, their rows are quarantined as not_utf8. A detector that always answers would give wrong text in silence.
"""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from typing import BinaryIO

_CHUNK = 64 << 10
_LOOK = 1 << 20  # bytes of the start that are looked at
_MARKS = (  # UTF-32 first: its little-endian mark starts like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ZEROS = (  # JSON, CSV and YAML all begin with ASCII, so zero bytes tell the width (RFC 4627, section 3)
    (re.compile(rb"[^\0]\0\0\0[^\0]\0\0\0", re.DOTALL), "utf-32-le"),
    (re.compile(rb"\0\0\0[^\0]\0\0\0[^\0]", re.DOTALL), "utf-32-be"),
    (re.compile(rb"[^\0]\0[^\0]\0", re.DOTALL), "utf-16-le"),
    (re.compile(rb"\0[^\0]\0[^\0]", re.DOTALL), "utf-16-be"),
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_REFUSED = ("utf-7", "unicode-escape", "raw-unicode-escape", "punycode", "idna", "undefined", "mbcs", "oem")
_ALPHABETS = {
    "French": "àâæçéèêëîïôœùûüÿ",
    "German": "äöüß",
    "Spanish": "áéíóúüñ¿¡ªº",
    "Portuguese": "áâãàçéêíóôõúüªº",
    "Italian": "àèéìíîòóùú",
    "a Scandinavian language": "æøåäöéü",
    "Dutch": "éëïóöüáè",
}
_MARKS_OF_PRINT = "‘’“”„‚–—…•«»°€£§©®™·²³½¼¾×±µ¢\xa0"
_COMMON_HANZI = "的一是不了在人有我他这中大来上国个到说们为子和你地出也"
_LEAST_SIGNS = 10  # signs beyond ASCII below which bytes show nothing
_BAD = re.compile(r"\\xff\[([0-9a-f]{2})\]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec of Python by name, the bytes of the mark at the file's start, and how it is known."""

    name: str
    evidence: str = ""
    mark: int = 0

    @property
    def is_utf8(self) -> bool:
        return self.name == "utf-8"


def codec_name(declared: str) -> str:
    """The codec that a declared name means. Raises ValueError for a name that means none, or no text encoding."""
    try:
        found = codecs.lookup(declared)
    except (LookupError, ValueError) as error:
        raise ValueError("no such encoding; write utf-8, utf-16, gb18030, latin-1, cp1252 or another name") from error
    if not getattr(found, "_is_text_encoding", True) or found.name.replace("_", "-") in _REFUSED:
        raise ValueError("is no encoding of text files; write utf-8, utf-16, gb18030, latin-1, cp1252 or another name")
    return {"utf-8-sig": "utf-8"}.get(found.name, found.name)


def encoding_of(head: bytes, *, whole: bool, declared: str | None = None) -> Encoding:
    """The encoding of a file that starts with `head` (`whole`: that is all of it)."""
    marked = next((Encoding(name, "byte order mark", len(bom)) for bom, name in _MARKS if head.startswith(bom)), None)
    if declared is not None:
        name = codec_name(declared)
        if marked and marked.name.startswith(name):  # "utf-16" leaves the order of bytes to the mark
            return Encoding(marked.name, f"declared {declared}", marked.mark)
        return Encoding({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name), f"declared {declared}")
    if marked:
        return marked
    head = head[:_LOOK]
    for zeros, name in _ZEROS:
        if zeros.match(head) and _decodes(head[: len(head) // 4 * 4], name):
            return Encoding(name, "zero bytes beside the first characters, and all of the start decodes")
    if not whole or len(head) == _LOOK:
        head = head[: head.rfind(b"\n") + 1] or head[: max(0, len(head) - 4)]
    runs = [] if _decodes(head, "utf-8") else _HIGH.findall(head)
    sound = sum(_decodes(run, "utf-8") for run in runs)
    if not runs or sound * 5 > len(runs):  # in other encodings, bytes make UTF-8 only here and there, by accident
        return Encoding("utf-8")
    return _gb18030(head) or _western(head) or Encoding("utf-8")


def _decodes(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _gb18030(head: bytes) -> Encoding | None:
    """Nearly all signs are of level 1 of GB 2312 or its punctuation, and the commonest of Chinese are there."""
    if not _decodes(head, "gb18030"):
        return None
    signs = [sign for sign in head.decode("gb18030") if sign > "\x7f"]
    if len(signs) < _LEAST_SIGNS:
        return None
    usual = sum(_is_usual(sign) for sign in signs)
    common = sum(sign in _COMMON_HANZI for sign in signs)
    if usual < 0.9 * len(signs) or common < 0.05 * len(signs):
        return None
    share, top = round(100 * usual / len(signs)), round(100 * common / len(signs))
    return Encoding(
        "gb18030",
        f"not UTF-8; all decodes, {share}% of {len(signs):,} signs are common hanzi or punctuation, "
        f"{top}% are of the {len(_COMMON_HANZI)} commonest of Chinese",
    )


def _is_usual(sign: str) -> bool:
    code = sign.encode("gb18030")
    return len(code) == 2 and code[1] >= 0xA1 and (0xB0 <= code[0] <= 0xD7 or 0xA1 <= code[0] <= 0xA3)


def _western(head: bytes) -> Encoding | None:
    """All signs beyond ASCII are letters of one western language, or marks of print that stand in no word."""
    if not _decodes(head, "cp1252"):
        return None
    text = head.decode("cp1252")
    signs = [sign for sign in text if sign > "\x7f"]
    letters = [sign for sign in signs if sign not in _MARKS_OF_PRINT]
    plain = sum(sign.isascii() and sign.isalpha() for sign in text)
    if len(signs) < _LEAST_SIGNS or len(letters) > plain / 2:
        return None
    if re.search(rf"[^\W\d_][{_MARKS_OF_PRINT.replace('’', '')}][^\W\d_]", text.replace("—", " ").replace("–", " ")):
        return None  # a mark inside a word is a letter of another code page
    for language, alphabet in _ALPHABETS.items():
        known = sum(sign.lower() in alphabet or sign in "Ÿß" for sign in letters)
        if known >= 0.99 * len(letters):
            share = f"{len(letters):,} of {len(signs):,} signs beyond ASCII are letters of {language}"
            return Encoding("cp1252", f"not UTF-8; {share}, the others marks of print")
    return None


def _mark_bad(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(f"\udcff[{byte:02x}]" for byte in bad), error.end


def _write_bad(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return b"\xff" * (error.end - error.start), error.end


codecs.register_error("curate-mark", _mark_bad)
codecs.register_error("curate-write", _write_bad)


class Recoded(io.RawIOBase):
    """Reads a file of another encoding as UTF-8. A byte that does not decode becomes 0xFF, which is never UTF-8, and
    its value in brackets: the row that holds it falls, and no other (see `original`)."""

    def __init__(self, stream: BinaryIO, encoding: Encoding) -> None:
        self._stream = stream
        stream.read(encoding.mark)
        self._decoder = codecs.getincrementaldecoder(encoding.name)("curate-mark")
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed asks for Buffer, 3.12
        while not self._ready and not self._ended:
            raw = self._stream.read(_CHUNK)
            self._ended = not raw
            self._ready = memoryview(self._decoder.decode(raw, not raw).encode("utf-8", "curate-write"))
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


def original(excerpt: str) -> str:
    """An excerpt of recoded text with the bytes that did not decode as they were."""
    return _BAD.sub(r"\\x\1", excerpt)
