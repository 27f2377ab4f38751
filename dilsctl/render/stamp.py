"""A stamp in every picture says that dilsctl drew it, and holds a digest of the rest. So a picture that
nobody has touched may be drawn anew in its place, and anything else is left alone."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from pathlib import Path

_WORDS = "drawn by dilsctl render, sha256"
_FOUND = re.compile(rb"drawn by dilsctl render, sha256 ([0-9a-f]{64})")
_NONE = "0" * 64
_COMMENTS = {
    "svg": "<!-- {} -->\n",
    "html": "<!-- {} -->\n",
    "dot": "// {}\n",
    "mmd": "%% {}\n",
    "tex": "% {}\n",
    "pdf": "% {}\n",
}


def stamped(data: bytes, kind: str) -> bytes:
    """The file with its stamp at the end. A text without comments has none."""
    blank = f"{_WORDS} {_NONE}"
    if kind == "png":
        whole = _with_chunk(data, blank)
        digest = hashlib.sha256(whole).hexdigest()
        return _with_chunk(data, f"{_WORDS} {digest}")
    if kind not in _COMMENTS:
        return data
    whole = data + _COMMENTS[kind].format(blank).encode()
    digest = hashlib.sha256(whole).hexdigest()
    return data + _COMMENTS[kind].format(f"{_WORDS} {digest}").encode()


def untouched(path: Path) -> bool:
    """Is this file a picture that dilsctl drew, and as it drew it?"""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    found = list(_FOUND.finditer(data))
    if not found:
        return False
    last = found[-1]
    blank = data[: last.start(1)] + _NONE.encode() + data[last.end(1) :]
    if data.startswith(b"\x89PNG"):  # its chunk has a checksum of its own, which goes with the digest
        end = last.end(1)
        blank = blank[:end] + _checksum(blank[last.start() - 8 - 4 : end]) + blank[end + 4 :]
    return hashlib.sha256(blank).hexdigest() == last.group(1).decode()


def is_foreign(path: Path) -> bool:
    """Is there something that dilsctl did not write, or that was changed since?"""
    return os.path.lexists(path) and not untouched(path)


def _with_chunk(data: bytes, words: str) -> bytes:
    """A PNG with a text before its end: keyword, zero, text."""
    content = b"tEXt" + b"Comment\x00" + words.encode("latin-1")
    chunk = struct.pack(">I", len(content) - 4) + content + _checksum(content)
    end = data.rindex(b"IEND") - 4
    return data[:end] + chunk + data[end:]


def _checksum(content: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(content))
