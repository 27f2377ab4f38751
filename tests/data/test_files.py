import gzip
import os

import pytest

from dilsctl.data import files
from dilsctl.data.files import digest_of, find_data_file, read_bytes
from dilsctl.diagnostics import Problem


def code(function, *arguments):
    with pytest.raises(Problem) as caught:
        function(*arguments)
    (found,) = caught.value.diagnostics
    return found.code, found.message, found.help


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "project"
    (inside / "data").mkdir(parents=True)
    (inside / "data" / "points.csv").write_text("x,y\n1,2\n")
    (tmp_path / "secret.csv").write_text("x\n1\n")
    return inside


def test_a_file_below_the_diagram_is_found(folder):
    assert find_data_file(folder, "data/points.csv").read_text() == "x,y\n1,2\n"
    assert find_data_file(folder, "./data/points.csv").name == "points.csv"


@pytest.mark.parametrize(
    "text", ["../secret.csv", "data/../../secret.csv", "data/../data/points.csv", ".", ""]
)
def test_no_way_leads_up(folder, text):
    assert code(find_data_file, folder, text)[0] == "data-outside"


def test_absolute_paths_are_refused(folder):
    assert code(find_data_file, folder, str(folder / "data" / "points.csv"))[0] == "data-outside"


def test_links_do_not_lead_out(folder):
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "up").symlink_to(folder.parent)
    (folder / "fine.csv").symlink_to(folder / "data" / "points.csv")
    assert code(find_data_file, folder, "link.csv")[0] == "data-outside"
    assert code(find_data_file, folder, "up/secret.csv")[0] == "data-outside"
    assert find_data_file(folder, "fine.csv").name == "points.csv"


def test_the_diagram_may_be_reached_through_a_link(folder):
    other = folder.parent / "other"
    other.symlink_to(folder)
    assert find_data_file(other, "data/points.csv").name == "points.csv"


def test_only_regular_files(folder):
    os.mkfifo(folder / "pipe.csv")
    assert code(find_data_file, folder, "pipe.csv")[:2] == (
        "data-not-found",
        "'pipe.csv' is not a regular file",
    )
    assert code(find_data_file, folder, "data")[:2] == ("data-not-found", "'data' is a folder")


def test_a_missing_file_has_a_suggestion(folder):
    assert code(find_data_file, folder, "data/point.csv") == (
        "data-not-found",
        "there is no file 'data/point.csv'",
        "did you mean 'data/points.csv'?",
    )
    assert "no folder 'dat'" in code(find_data_file, folder, "dat/points.csv")[2]
    loop = folder / "loop"
    loop.symlink_to(loop)
    assert code(find_data_file, folder, "loop")[0] == "data-not-found"
    assert code(find_data_file, folder, "a\0b")[0] == "data-not-found"


def test_gzip(folder):
    path = folder / "a.csv.gz"
    path.write_bytes(gzip.compress(b"x\n1\n"))
    assert read_bytes(path, "a") == b"x\n1\n"
    path.write_bytes(gzip.compress(b"x\n1\n" * 1000)[:-20])
    assert code(read_bytes, path, "a")[0] == "data-format"
    path.write_bytes(b"x\n1\n")
    assert code(read_bytes, path, "a")[0] == "data-format"


def test_what_unpacks_to_too_much_is_refused(folder, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 1 << 21)
    path = folder / "bomb.csv.gz"
    path.write_bytes(gzip.compress(bytes(1 << 22)))
    assert path.stat().st_size < 10_000
    assert code(read_bytes, path, "bomb")[0] == "data-too-large"
    plain = folder / "plain.csv"
    plain.write_bytes(bytes((1 << 21) + 1))
    assert code(read_bytes, plain, "plain")[0] == "data-too-large"


def test_digest(folder):
    # SHA-256 of the empty text, as FIPS 180 has it
    (folder / "empty").write_bytes(b"")
    assert digest_of(folder / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
