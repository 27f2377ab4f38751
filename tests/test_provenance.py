import time

from dilsctl.provenance import changed_places, digest_of_files, environment


def shown(labels):
    return [(one.span.file.name, one.span.line, one.text) for one in labels]


def test_digest():
    assert digest_of_files({"a": "x", "b": "y"}) == digest_of_files({"b": "y", "a": "x"})
    known = {digest_of_files(one) for one in ({}, {"a": ""}, {"a": "b"}, {"ab": ""}, {"a": "", "b": ""})}
    assert len(known) == 5


def test_environment():
    found = environment()
    assert found["numpy"]
    assert found["cores"] >= 1


def test_lines_added_and_removed():
    names, labels = changed_places({"f": "a\nb\nc\nd\ne"}, {"f": "a\nc\nd\nx\ny\ne"}, "old/")
    assert names == ["f"]
    assert shown(labels) == [("old/f", 2, "when the run began"), ("f", 4, "now (and 1 lines more)")]


def test_nothing_changed():
    assert changed_places({"f": "a"}, {"f": "a"}) == ([], [])


def test_few_places_are_named():
    old = "\n".join(f"line {number}" for number in range(50))
    _, labels = changed_places({"f": old}, {"f": old.replace("1", "one")})
    assert len(labels) == 6


def test_a_blank_line_at_the_end():
    _, labels = changed_places({"f": "a"}, {"f": "a\n"})
    assert shown(labels) == [("f", 2, "now")]


def test_large_files_take_no_time():
    old = "\n".join(str(number % 7) for number in range(200_000))
    new = "\n".join(str(number % 5) for number in range(200_000))
    start = time.perf_counter()
    _, labels = changed_places({"f": old}, {"f": new})
    assert time.perf_counter() - start < 2
    assert shown(labels)[0][:2] == ("f", 6)
