"""Names that try to be more than names: drawn from quotes, ends, acts, templates and odd signs."""

from __future__ import annotations

from random import Random

FILE = "szx_canary_file"
"""What the acts that write a file would call it."""

QUOTES = (
    '"', "'", "`", "]", "[", ")", "(", '""', "''", "``", "]]", '"""', '")', "')", "`)", '"."',
    "'.'", "\\", '\\"', "\\'", "\\\\", "\\`", "\\u0022", "\\x27", "&quot;", "%27", "%22", "$$",
    "$a$", "q'[", "N'", "E'", "U&'", "x'", "''''", '"\'"', "’", "＂", "＇", "“", "«", "ʹ", "՚",
    "׳", "″", "‵",
)  # fmt: skip
BREAKS = (
    "", ";", "; ", ";;", "--", "-- ", "#", "/*", "*/", "/**/", "/*!", "/*+ x */", "\n", "\r\n",
    "\r", "\t", "\0", "\x0b", "\x1b", "\x7f", "\u2028", "\u2029", "\x85", "\u200b", "\u200e",
    "\u202e", "\u2066", "\ufeff", "\xa0", "\u3000", "\ud800", "；", "－－", "／＊", "＊／", ".",
    "..", " ", "，", ",", "\\n", "\\0", "\\g", "\\!",
)  # fmt: skip
ACTS = (
    "DROP TABLE canary", "; DROP TABLE canary; --", "; DROP TABLE canary CASCADE; /*",
    "DELETE FROM canary", "UPDATE canary SET alive = 0", "INSERT INTO canary VALUES (7)",
    "TRUNCATE canary", "ALTER TABLE canary RENAME TO gone", "CREATE TABLE intruder (x INT)",
    "CREATE VIEW intruder AS SELECT 1", f"COPY canary TO '{FILE}'",
    f"COPY canary TO '/tmp/{FILE}'", f"ATTACH '{FILE}' AS other",
    f"ATTACH DATABASE '{FILE}' AS other", f"EXPORT DATABASE '{FILE}'", f"VACUUM INTO '{FILE}'",
    f"COPY (SELECT 1) TO PROGRAM 'touch /tmp/{FILE}'", f"SELECT lo_export(1, '/tmp/{FILE}')",
    f"SELECT 1 INTO OUTFILE '/tmp/{FILE}'", "INSTALL httpfs", "LOAD httpfs",
    "PRAGMA writable_schema = 1", "SELECT pg_sleep(60)", "UNION SELECT * FROM canary",
    "UNION ALL SELECT alive FROM canary", "OR 1=1", "AND 1=0", "WHERE 1=1", "AS x, canary",
    "CROSS JOIN canary", "NATURAL JOIN canary", "WITH x AS (SELECT 1)", "EXEC xp_cmdshell 'dir'",
    "COMMIT", "ROLLBACK", "BEGIN", "SET search_path = intruder", "RETURNING *", "LIMIT 0",
    "GROUP BY 1", "HAVING 1=1", "ＤＲＯＰ ＴＡＢＬＥ canary", "DRОP TABLE саnary", "ﬆ", "ı",
    "ſelect", "村民'表\"；DROP TABLE canary",
)  # fmt: skip
TEMPLATES = (
    "${}", "${canary}", "{{ }}", "{{ 7*7 }}", "{% raw %}", "{}", "{0}", "{0.__class__}", "%s",
    "%(x)s", "%", "%%", "?", "?1", ":name", ":1", "@v", "@@version", "$1", "#{x}", "<%= 1 %>",
    "`id`", "$(id)", "{canary}", "\\N", "NULL", "DEFAULT", "*", "SELECT", "from", "table",
    "canary", "CANARY", "Canary ", "main.canary", "public.canary", "temp",
    "information_schema.tables", "sqlite_master", "pg_class", "szx_read", "szx_entries",
    "warehouse_profile", "household_id", "0", "1e9", "-1", "0x1F",
)  # fmt: skip
LETTERS = (
    "a",
    "Z",
    "0",
    "_",
    "村",
    "é",
    "e\u0301",
    "ß",
    "İ",
    "𠮷",
    "💣",
    "ا",
    "א",
    "ก",
    "ﷺ",
    "\u0300",
)
LONG = (63, 64, 65, 127, 128, 255, 256, 1_000, 5_000)


REAL = (
    "canary", "main.canary", "public.canary", "information_schema.tables", "sqlite_master",
    "pg_class", "household_id",
)  # fmt: skip
"""Names of tables and columns that are there."""


def hostile_names(count, seed=0):
    """Draw so many names without repetition, the kinds of them mixed."""
    random = Random(seed)
    names = dict.fromkeys(_tame(random) for _ in range(count // 50))
    while len(names) < count:
        name = _draw(random)
        if name.strip().lower() not in REAL:
            names.setdefault(name)
    drawn = list(names)
    random.shuffle(drawn)
    return drawn


def _tame(random):
    """A name that is odd in nothing but its letters: it has to be answered."""
    return "".join(random.choices(LETTERS, k=random.randint(1, 12)))


def _draw(random):
    parts = [
        random.choice(
            random.choice((QUOTES, QUOTES, BREAKS, BREAKS, ACTS, ACTS, TEMPLATES, LETTERS))
        )
        for _ in range(random.randint(1, 6))
    ]
    if random.random() < 0.02:
        length = random.choice(LONG)
        parts.insert(random.randint(0, len(parts)), random.choice(LETTERS) * length)
    return random.choice(("", "", " ")).join(parts)
