"""Text packed with gzip is read as the text within; anything else in a .gz file is left alone."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from sanzhixin.errors import InputError
from sanzhixin.records import accept_folder
from sanzhixin.records.reading import read_file

TEXT = "户号,议事会建议额度（元）,调整理由\nH1,50000,同意\nH2,60000,再议\n".encode("gb18030")
PACKED = gzip.compress(TEXT, mtime=0)


@pytest.mark.parametrize("name", ["proposals.csv.gz", "授信建议.txt.gz", "PROPOSALS.CSV.GZ"])
def test_the_text_within_is_read_and_the_digest_is_that_of_the_file(tmp_path, scheme, name):
    (tmp_path / name).write_bytes(PACKED)
    done = read_file(tmp_path / name, scheme)
    ((table, raw),) = done.tables
    assert (table, raw.frame["调整理由"].tolist()) == ("proposals", ["同意", "再议"])
    assert done.facts.sha256 == hashlib.sha256(PACKED).hexdigest()
    assert (done.facts.bytes, done.facts.encoding) == (len(PACKED), "gb18030")


def test_a_folder_may_hold_packed_tables(folder, scheme):
    plain = (folder / "households.csv").read_bytes()
    (folder / "households.csv").unlink()
    (folder / "households.csv.gz").write_bytes(gzip.compress(plain))
    (folder / "授信建议.csv.gz").write_bytes(PACKED)
    done = accept_folder(folder, scheme)
    assert done.rejected.empty
    assert done.county.proposals["council_limit_yuan"].tolist() == [50_000, 60_000]


@pytest.mark.parametrize(
    "name", ["proposals.tar.gz", "proposals.xlsx.gz", "proposals.gz", "notes.csv.gz"]
)
def test_other_packed_files_are_left_alone(folder, scheme, name):
    (folder / name).write_bytes(b"anything")
    done = accept_folder(folder, scheme)
    told = [(note.file, note.en) for note in done.notes if note.file != "households"]
    assert told == [(name, "file ignored: not a table")]


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(TEXT[:20], mtime=0) + gzip.compress(TEXT[20:], mtime=0),
        PACKED + bytes(500),
        gzip.compress(b"", mtime=0) + PACKED,
    ],
)
def test_members_are_joined_and_zeros_at_the_end_are_none(tmp_path, scheme, data):
    (tmp_path / "proposals.csv.gz").write_bytes(data)
    ((_, raw),) = read_file(tmp_path / "proposals.csv.gz", scheme).tables
    assert raw.frame["户号"].tolist() == ["H1", "H2"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_zero_bytes"),
        (PACKED[:-1], "file_unreadable"),
        (PACKED[:20], "file_unreadable"),
        (PACKED[:-8] + bytes(4) + PACKED[-4:], "file_unreadable"),  # another checksum
        (PACKED[:-4] + bytes(4), "file_unreadable"),  # another length
        (PACKED + b"junk", "file_unreadable"),
        (PACKED + bytes(9) + b"junk", "file_unreadable"),
        (bytes(100) + PACKED, "file_unreadable"),
        (TEXT, "file_unreadable"),
        (gzip.compress(b"", mtime=0), "file_empty"),
        (gzip.compress(PACKED, mtime=0), "file_encoding"),
    ],
)
def test_damaged_packed_files_are_refused(tmp_path, scheme, data, code):
    (tmp_path / "proposals.csv.gz").write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_file(tmp_path / "proposals.csv.gz", scheme)
    assert caught.value.code == code
