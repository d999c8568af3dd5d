"""Parquet at the real sizes: small files whose footers refer to one page again and again."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sanzhixin.records.reading import open_file
from tests.limits.limit import Limit, assert_accepted, assert_refused, ids

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
NOISE = random.Random(5).randbytes(256 * KIB)
FIXED, WIDTH = 7, 8  # texts of 8 bytes each
PLAIN, RLE, UNPACKED, GZIP = 0, 3, 0, 2
REQUIRED, OPTIONAL = 0, 1


def varint(number):
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def thrift(**fields):
    """Write a struct of the compact protocol: ``i1=5`` an integer, ``s5=b""`` a struct, ..."""
    out, last = b"", 0
    for name, value in fields.items():
        kind, number = name[0], int(name[1:])
        out += bytes([(number - last) << 4 | {"i": 5, "q": 6, "b": 8, "l": 9, "s": 12}[kind]])
        last = number
        if kind in "iq":
            out += varint(value << 1)
        elif kind == "b":
            out += varint(len(value)) + value
        elif kind == "l":
            item, items = value
            out += bytes([0xF0 | item]) + varint(len(items)) + b"".join(items)
        else:
            out += value
    return out + b"\0"


def page(content, values, *, unpacked=None):
    counts = thrift(i1=values, i2=PLAIN, i3=RLE, i4=RLE)
    stated = len(content) if unpacked is None else unpacked
    return thrift(i1=0, i2=stated, i3=len(content), s5=counts) + content


def zeros_page(values):
    return page(bytes(WIDTH * values), values)


def nulls_page(values):
    """Definition levels alone: one run of zeros."""
    levels = varint(values << 1) + b"\0"
    return page(struct.pack("<I", len(levels)) + levels, values)


class Writer:
    """A file of equal columns; every chunk may be the same bytes, and states what it is told."""

    def __init__(self, columns=1, *, required=True, codec=UNPACKED):
        self.columns, self.codec = columns, codec
        kind = REQUIRED if required else OPTIONAL
        self.schema = [thrift(b4=b"schema", i5=columns)]
        self.schema += [thrift(i1=FIXED, i2=WIDTH, i3=kind, b4=b"c%d" % k) for k in range(columns)]
        self.body, self.groups, self.rows = b"PAR1", [], 0

    def add(self, content):
        place = len(self.body)
        self.body += content
        return place, len(content)

    def group(self, rows, chunks):
        """A row group of chunks (place, size, values)."""
        listed = []
        for k, (place, size, values) in enumerate(chunks):
            names = (8, [varint(len(b"c%d" % k)) + b"c%d" % k])
            meta = thrift(
                i1=FIXED, l2=(5, [varint(PLAIN)]), l3=names, i4=self.codec, q5=values, q6=size,
                q7=size, q9=place,
            )  # fmt: skip
            listed.append(thrift(q2=place, s3=meta))
        self.groups.append(thrift(l1=(12, listed), q2=1, q3=rows))
        self.rows += rows

    def write(self, path, *, size=0, tail=b""):
        """Write the file, with zeros before the footer if it is to have a size."""
        footer = thrift(i1=1, l2=(12, self.schema), q3=self.rows, l4=(12, self.groups))
        footer = footer[:-1] + tail + b"\0"
        end = footer + struct.pack("<I", len(footer)) + b"PAR1"
        path.write_bytes(self.body + bytes(max(size - len(self.body) - len(end), 0)) + end)


def first_block(folder, scheme, writer=None, *, data=b"", size=0, tail=b""):
    """Check the whole file and read the first 100,000 rows of it; how many bytes the file has."""
    path = folder / "proposals.parquet"
    if writer is None:
        path.write_bytes(data)
    else:
        writer.write(path, size=size, tail=tail)
    for _, block in open_file(path, scheme).blocks:
        assert block.table.num_columns
        return path.stat().st_size
    return None


def rows(count, folder, scheme):
    writer = Writer(required=False)
    place = writer.add(nulls_page(100_000))
    for _ in range(count // 100_000):
        writer.group(100_000, [(*place, 100_000)])
    if count % 100_000:
        writer.group(1, [(*writer.add(nulls_page(1)), 1)])
    return first_block(folder, scheme, writer)


def columns(count, folder, scheme):
    writer = Writer(count)
    writer.group(1, [(*writer.add(zeros_page(1)), 1)] * count)
    return first_block(folder, scheme, writer)


def cells(count, folder, scheme):
    """20 million rows of 25 columns; the last chunk states a value more."""
    writer = Writer(25, required=False)
    place = writer.add(nulls_page(100_000))
    for left in range(199, -1, -1):
        more = 0 if left else count - 500_000_000
        chunks = [(*place, 100_000)] * 24 + [(*place, 100_000 + more)]
        writer.group(100_000, chunks)
    return first_block(folder, scheme, writer, size=9 * MIB)


def bytes_in_memory(total, *, values, chunks, shape):
    """Chunks of so many zeros, which count twice: as they stand there, and in memory."""
    columns, groups = shape
    writer = Writer(columns)
    place = writer.add(zeros_page(values))
    last = place
    if total > 2 * WIDTH * values * chunks:
        last = writer.add(page(bytes(WIDTH * values), values, unpacked=WIDTH * values + 1))
    for left in range(groups - 1, -1, -1):
        tail = place if left else last
        writer.group(values, [(*place, values)] * (columns - 1) + [(*tail, values)])
    return writer


def most_bytes(total, folder, scheme):
    writer = bytes_in_memory(total, values=128 * KIB, chunks=2_048, shape=(128, 16))
    return first_block(folder, scheme, writer, size=9 * MIB)


def free_bytes(total, folder, scheme):
    writer = bytes_in_memory(total, values=8 * KIB, chunks=2_048, shape=(128, 16))
    size = first_block(folder, scheme, writer)
    assert 500 * size < 256 * MIB
    return size


def bytes_a_byte(ratio, folder, scheme):
    """500 chunks of 2 MiB in a file of 2 MiB; or in one that is a byte too short for them."""
    writer = bytes_in_memory(0, values=128 * KIB, chunks=500, shape=(100, 5))
    return first_block(folder, scheme, writer, size=2 * MIB - (ratio - 500))


def pages(count, folder, scheme):
    writer = Writer()
    place = writer.add(zeros_page(1) * count)
    writer.group(count, [(*place, count)])
    return first_block(folder, scheme, writer)


def packed_page(values, noise, *, more=0):
    packer = zlib.compressobj(wbits=31)
    content = packer.compress(noise + bytes(WIDTH * values - len(noise))) + packer.flush()
    writer = Writer(codec=GZIP)
    header = page(content, values, unpacked=WIDTH * values + more)
    writer.group(values, [(*writer.add(header), values)])
    return writer, WIDTH * values // len(content)


def page_that_shrinks_freely(size, folder, scheme):
    writer, _ = packed_page(2 * MIB, b"", more=size - 16 * MIB)
    return first_block(folder, scheme, writer)


def page_that_shrinks_by(ratio, folder, scheme):
    noise = {100: 158_800, 101: 157_000}[ratio]
    writer, found = packed_page(2 * MIB + 128 * KIB, NOISE[:noise])
    assert found == ratio
    return first_block(folder, scheme, writer)


def long_text(length, folder, scheme):
    """One long text among 3,000 rows: by its dictionary the column could need 390 MB."""
    stream = io.BytesIO()
    table = pa.table({"household_id": ["x" * length, *["x"] * 2_999]})
    pq.write_table(table, stream, dictionary_pagesize_limit=MIB, compression="none")
    return first_block(folder, scheme, data=stream.getvalue())


def footer(size, folder, scheme):
    """An unknown field of the footer that holds a long text."""
    writer = Writer()
    writer.group(1, [(*writer.add(zeros_page(1)), 1)])
    path = folder / "proposals.parquet"
    field = bytes([8]) + varint(100 << 1)  # field 100, a text
    writer.write(path, tail=field + varint(2 * MIB - 9_000))
    bare = struct.unpack("<I", path.read_bytes()[-8:-4])[0]
    text = varint(size - bare) + b"x" * (size - bare)
    return first_block(folder, scheme, writer, tail=field + text)


def nesting(depth, folder, scheme):
    """An unknown field of the footer that holds structs in structs."""
    writer = Writer()
    writer.group(1, [(*writer.add(zeros_page(1)), 1)])
    field = bytes([12]) + varint(100 << 1)  # field 100, a struct
    within = bytes([0x1C]) * (depth - 1) + bytes(depth)
    return first_block(folder, scheme, writer, tail=field + within)


HOW, BIG = "records.parquet_files.", "file_too_large"
LIMITS = [
    Limit(f"{HOW}_MAX_PARQUET_ROWS", 20_000_000, BIG, rows, "rows is 20000001, above"),
    Limit(f"{HOW}_MAX_COLUMNS", 512, BIG, columns, "columns is 513, above the limit of 512"),
    Limit(f"{HOW}_MAX_PARQUET_CELLS", 500_000_000, BIG, cells, "cells is 500000001, above"),
    Limit(f"{HOW}_MAX_PARQUET_BYTES", 4 * GIB, BIG, most_bytes, "bytes is 4294967297, above"),
    Limit(f"{HOW}_FREE_PARQUET", 256 * MIB, BIG, free_bytes, "bytes is 268435457, above"),
    Limit(f"{HOW}_MAX_PARQUET_RATIO", 500, BIG, bytes_a_byte, "the limit of 1048575500"),
    Limit(f"{HOW}_MAX_PAGES", 200_000, BIG, pages, "pages is 200001, above"),
    Limit(f"{HOW}_MAX_PAGE", 16 * MIB, BIG, page_that_shrinks_freely, "compression ratio is"),
    Limit(f"{HOW}_MAX_RATIO", 100, BIG, page_that_shrinks_by, "ratio is 101, above"),
    Limit(f"{HOW}_MAX_TEXT", 131_072, BIG, long_text, "a cell in bytes is 131073, above"),
    Limit(f"{HOW}_MAX_FOOTER", 2 * MIB, BIG, footer, "footer in bytes is 2097153, above"),
    Limit(f"{HOW}_DEEPEST", 12, "file_unreadable", nesting, "Parquet"),
]


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_parquet_file_at_the_limit_is_read(limit, tmp_path, scheme):
    assert_accepted(limit, tmp_path, scheme)


@pytest.mark.parametrize("limit", LIMITS, ids=ids(LIMITS))
def test_a_parquet_file_beyond_the_limit_is_refused(limit, tmp_path, scheme):
    assert_refused(limit, tmp_path, scheme)
