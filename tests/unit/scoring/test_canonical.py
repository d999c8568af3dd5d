from __future__ import annotations

import enum
import hashlib
import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sanzhixin.errors import ArtifactError
from sanzhixin.scoring.canonical import canonical_json, sha256_digest, strict_loads

# RFC 8785, appendix B: IEEE 754 bits in hexadecimal and the text of the number.
RFC_NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), RFC_NUMBERS)
def test_writes_numbers_as_appendix_b_of_the_rfc(bits, text):
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_json(value).decode() == text


def test_sorts_keys_like_the_example_of_the_rfc():
    # RFC 8785, section 3.2.3: by UTF-16 code units, so the emoji stands before U+FB33.
    given_order = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    written = json.loads(canonical_json(given_order), object_pairs_hook=list)
    assert [value for _, value in written] == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_writes_the_whole_example_of_the_rfc():
    # RFC 8785, sections 3.2.2 to 3.2.4, with the bytes that the text prints.
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical_json(value) == bytes.fromhex(
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b33333333"
        "33333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e6722"
        "3a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0"),
        (1e-7, "1e-7"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (123e-20, "1.23e-18"),
        (0.1, "0.1"),
        (-6.0, "-6"),
        (2**53, "9007199254740992"),
        (-(2**53), "-9007199254740992"),
        ([], "[]"),
        ((), "[]"),
        ({}, "{}"),
        ({"b": (1, 2), "a": [{}]}, '{"a":[{}],"b":[1,2]}'),
        ("\x7f\u2028/", '"\x7f\u2028/"'),
        ("\b\t\n\f\r\x1f", '"\\b\\t\\n\\f\\r\\u001f"'),
        ({"id": "330483198001011234", "x": 1}, '{"id":"330483198001011234","x":1}'),
        ({"面": "家风", "A": [True, None]}, '{"A":[true,null],"面":"家风"}'),
        (enum.IntEnum("Grade", {"A": 3}).A, "3"),
        ([enum.IntEnum("Grade", {"A": 3}).A], "[3]"),
        ([1, 2.5, [3, [4.0]]], "[1,2.5,[3,[4]]]"),
    ],
)
def test_writes_each_value_in_its_one_spelling(value, text):
    assert canonical_json(value).decode() == text


def nested(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


def circular():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        (math.nan, "json_not_finite", "nan is not a finite number"),
        ([1, -math.inf], "json_not_finite", "-inf is not a finite number"),
        (2**53 + 1, "json_integer_large", "beyond 9007199254740992"),
        ({"a": [-(2**53) - 1]}, "json_integer_large", "beyond 9007199254740992"),
        ({1: 2}, "json_key_not_text", "text keys only"),
        ({"a": {None: 2}}, "json_key_not_text", "text keys only"),
        ("\ud800", "json_surrogate", "half of a surrogate pair"),
        ({"\udfff": 1}, "json_surrogate", "half of a surrogate pair"),
        ([b"bytes"], "json_type", "type bytes"),
        ({1, 2}, "json_type", "type set"),
        (nested(101), "json_too_deep", "deeper than 100 levels"),
        (circular(), "json_too_deep", "deeper than 100 levels"),
    ],
)
def test_refuses_what_has_no_canonical_form(value, code, words):
    with pytest.raises(ArtifactError, match=words) as caught:
        canonical_json(value)
    assert caught.value.code == code


def test_one_hundred_levels_are_written_and_read():
    written = canonical_json(nested(100))
    assert strict_loads(written, name="m") == nested(100)


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b'{"a":1,"b":2,"a":3}', "json_duplicate_key", "m.json: the key 'a' stands twice"),
        (b'{"x":{"a":1,"\\u0061":1}}', "json_duplicate_key", "the key 'a' stands twice"),
        (b"[NaN]", "json_not_finite", "NaN is not a finite number"),
        (b"[-Infinity]", "json_not_finite", "-Infinity is not a finite number"),
        (b"1e999", "json_not_finite", "1e999 is not a finite number"),
        (b"[-1e400]", "json_not_finite", "-1e400 is not"),
        (b"[" * 101 + b"]" * 101, "json_too_deep", "deeper than 100 levels"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "json_too_deep", "deeper than 100 levels"),
        (b"[" * 100_000 + b"]" * 100_000, "json_too_deep", "deeper than 100 levels"),
        (b"1" * 31, "json_number_long", "more than 30 digits"),
        (b"-" + b"1" * 5000, "json_number_long", "more than 30 digits"),
        (b'["\\ud800"]', "json_surrogate", "half of a surrogate pair"),
        (b'{"\\uDFFF":0}', "json_surrogate", "half of a surrogate pair"),
        (b"\xff", "json_not_utf8", "byte 0"),
        ("[1]".encode("utf-16"), "json_not_utf8", "byte 0"),
        (b'["\xed\xa0\x80"]', "json_not_utf8", "byte 2"),
        (b"\xef\xbb\xbf[1]", "json_invalid", "line 1, column 1"),
        (b"", "json_invalid", "line 1, column 1"),
        (b"[1,]", "json_invalid", "m.json is not valid JSON at line 1"),
        (b"[1] 2", "json_invalid", "Extra data"),
        (b"{'a':1}", "json_invalid", "line 1, column 2"),
        (b"[01]", "json_invalid", "line 1"),
        (b'["\n"]', "json_invalid", "control character"),
    ],
)
def test_refuses_json_that_can_be_read_in_two_ways(data, code, words):
    with pytest.raises(ArtifactError, match=words) as caught:
        strict_loads(data, name="m.json")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b" [1, 2.5, 1e3] ", [1, 2.5, 1000.0]),
        (b"1" * 30, int("1" * 30)),
        (b'["' + b"1" * 40 + b'", -3]', ["1" * 40, -3]),
        (b'["\\ud83d\\ude00"]', ["\U0001f600"]),
        (b"null", None),
    ],
)
def test_reads_plain_json(data, value):
    assert strict_loads(data, name="m.json") == value


def outcome(data):
    try:
        return strict_loads(data, name="m.json")
    except ArtifactError as error:
        return error


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_our_error(data):
    read = outcome(data)
    assert not isinstance(read, ArtifactError) or read.code.startswith("json_")


texts = st.text(max_size=12)
exact_integers = st.integers(-(2**53), 2**53)
finite = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | exact_integers | texts | finite.filter(lambda x: abs(x) < 2**53),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


@given(values)
def test_what_is_written_is_read_back_and_written_the_same(value):
    written = canonical_json(value)
    read = strict_loads(written, name="value")
    assert read == value
    assert canonical_json(read) == written


@given(finite)
def test_a_number_is_read_back_to_the_same_bits(value):
    read = float(json.loads(canonical_json(value)))
    assert struct.pack(">d", read) == struct.pack(">d", value + 0.0)


def plain_encode(value):
    # A second writer without any short cut: only for data without floats.
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{plain_encode(k)}:{plain_encode(value[k])}" for k in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(plain_encode, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(
    st.recursive(
        exact_integers | texts,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    )
)
def test_the_short_cut_writes_the_same_bytes(value):
    assert canonical_json(value).decode() == plain_encode(value)


def test_a_digest_names_its_algorithm():
    # FIPS 180-2, appendix B.1, and hashlib
    assert sha256_digest(b"abc") == (
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert sha256_digest(b"x") == f"sha256:{hashlib.sha256(b'x').hexdigest()}"


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


WRITTEN = [
    (nested(101), "value is nested deeper than 100 levels; restore"),
    (math.inf, "value: inf is not a finite number; write null"),
    ([-math.inf], "value: -inf is not a finite number; write null"),
    (2**53 + 1, "An integer beyond 9007199254740992 is not exact"),
    ("\ud800", "value: a text holds half of a surrogate pair"),
    ({"\udfff": 1}, "value: a text holds half of a surrogate pair"),
    (b"x", "Data of type bytes have no JSON form"),
]


@pytest.mark.parametrize(("value", "sentence"), WRITTEN, ids=[row[1] for row in WRITTEN])
def test_what_cannot_be_written_is_told_with_what_is_wrong(value, sentence):
    with pytest.raises(ArtifactError) as caught:
        canonical_json(value)
    assert str(caught.value).startswith(sentence)


READ = [
    (b'{"a": "\xff"}', "m.json is not UTF-8 (byte 7); restore"),
    (b'{"a": 1,\n"b" 2}', "m.json is not valid JSON at line 2, column 5 (Expecting ':' delimiter)"),
    (b'{"a": 1, "b": 2, "b": 3}', "m.json: the key 'b' stands twice in one object"),
    (b'{"' + b"k" * 60 + b'": 1, "' + b"k" * 60 + b'": 1}', f"m.json: the key '{'k' * 40}' stands"),
    (b"-Infinity", "m.json: -Infinity is not a finite number"),
    (b"1234567890123456789012e999", "m.json: 12345678901234567890 is not a finite number"),
    (b"1" * 31, "m.json: an integer has more than 30 digits"),
    (b"-" + b"1" * 31, "m.json: an integer has more than 30 digits"),
    (b'["\\udC00"]', "m.json: a text holds half of a surrogate pair"),
    (b"[" * 101 + b"]" * 101, "m.json is nested deeper than 100 levels"),
    (b"[" * 100_000, "m.json is nested deeper than 100 levels"),
]


@pytest.mark.parametrize(("data", "sentence"), READ, ids=[row[1] for row in READ])
def test_what_cannot_be_read_is_told_with_the_file_and_the_place(data, sentence):
    with pytest.raises(ArtifactError) as caught:
        strict_loads(data, name="m.json")
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("digits", ["1" * 30, "-" + "1" * 30])
def test_thirty_digits_are_read(digits):
    assert strict_loads(digits.encode(), name="m.json") == int(digits)
    assert strict_loads(f"[{digits}, {'1' * 31}.5]".encode(), name="m.json")[0] == int(digits)
