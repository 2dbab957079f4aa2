"""Vote files for tests, in the format of the public data sets."""

import csv
import io

import orjson

COUNTS_HEADER = "model_a,model_b,win_a,win_b,tie,tie_bothbad\n"
METADATA = {
    "sum_user_tokens": 7,
    "sum_assistant_a_tokens": 100,
    "header_count_a": {"h1": 2, "h2": 1},
    "bold_count_a": {"**": 5, "__": 0},
    "list_count_a": {"ordered": 3, "unordered": 4},
    "sum_assistant_b_tokens": 200,
    "header_count_b": 0,
    "bold_count_b": {},
    "list_count_b": 1.0,
}
FEATURES = [100.0, 3.0, 5.0, 7.0, 200.0, 0.0, 0.0, 1.0]


def row(model_a="one", model_b="two", winner="model_a", **fields):
    return {"model_a": model_a, "model_b": model_b, "winner": winner, **fields}


def json_lines(*rows):
    return b"".join(each if isinstance(each, bytes) else orjson.dumps(each) + b"\n" for each in rows)


def csv_text(*rows):
    """Return CSV with JSON in cells that are not text. Formulas are not escaped."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(field for each in rows for field in each)))
    writer.writeheader()
    for each in rows:
        writer.writerow(
            {field: value if isinstance(value, str) else orjson.dumps(value).decode() for field, value in each.items()}
        )
    return text.getvalue().encode()
