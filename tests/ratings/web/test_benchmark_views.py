"""The page of a benchmark against people: its words, its table, and where its picture takes its numbers from."""

import re
from html import unescape

import pytest

from arena.models import Pool
from ratings.models import Category
from tests.ratings.benchmark_boards import AVERAGES, NAMES, RATINGS, benchmark, rated, scored, some

pytestmark = pytest.mark.django_db
PAGE = "/benchmarks/b/disagreement/"


def html(client, query="", page=PAGE):
    answer = client.get(f"{page}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def words(client, query="", page=PAGE):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html(client, query, page))).replace("\xa0", " ").split())


def rows(text):
    """Model → the texts of the cells of its row."""
    found = re.findall(r'<tr data-model="([^"]*)">(.*?)</tr>', text, re.DOTALL)
    cells = {model: re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for model, row in found}
    return {model: [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row] for model, row in cells.items()}


def test_picture_and_table_say_the_same(client):
    scored(AVERAGES)
    rated(RATINGS)
    text = html(client)
    [source] = re.findall(r'data-plot="disagreement" data-source="([^"]*)"', text)
    said = client.get(unescape(source)).json()
    table = rows(text)
    assert list(table) == [point["model"] for point in said["points"]]
    for point in said["points"]:
        _, score, rating, expected, far, _ = table[point["model"]]
        assert score.startswith(f"{point['score']:.1f}% ±&nbsp;{point['score_margin']:.1f}")
        assert rating.startswith(f"{point['rating']:,.0f} ")
        assert expected == f"{point['expected']:,.0f}"
        assert far.startswith(f"{point['z']:.2f} ")


def test_picture_stays_that_of_its_table_when_a_new_board_comes(client):
    scored(AVERAGES)
    rated(RATINGS, pool="elsewhere")
    text = html(client)
    [source] = re.findall(r'data-source="([^"]*)"', text)
    rated(some(RATINGS, 20), pool="elsewhere")
    rated(some(RATINGS, 30))
    said = client.get(unescape(source)).json()
    assert (said["pool"], said["n"]) == ("elsewhere", 53)
    assert "&lt;aya-expanse-8b&gt;" in text and "&lt;elsewhere&gt;" in text
    assert "<aya-expanse-8b>" not in text and "<elsewhere>" not in text


def test_those_far_off_are_named_without_calling_it_proof(client):
    scored(AVERAGES | {"nobody": 0.5})
    rated(RATINGS)
    said = words(client)
    assert "Omitted (score but no rating): 1 <nobody>" in said
    assert (
        "Scores higher than human votes suggest : possible reasons are overfitting, leakage, or a narrow scope."
        " <phi-3-mini-128k-instruct>" in said
    )
    assert re.search(
        r"Preferred more than its score suggests : possible reasons are style[^<]*<[^>]*> , .*<aya-expanse-8b>", said
    )
    assert "not a finding" in said
    assert not re.search("proof|proves|proven", said)
    assert "0.86 Spearman, 95% interval 0.75 to 0.92" in said
    assert "Each extra percentage point corresponds to 6.3 more rating points." in said


def test_too_few_models_are_a_table_and_a_sentence(client):
    scored(some(AVERAGES, 5))
    rated(RATINGS)
    said = words(client)
    assert "Only 5 models have both" in said
    assert "A fit requires 12 models, so 7 more are needed." in said
    text = html(client)
    assert len(rows(text)) == 5
    assert "data-plot" not in text
    assert "plot.umd" not in text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "There are no scores for this benchmark yet."),
        (dict.fromkeys(NAMES, 0.5), "there is no trend line"),
        (
            {name: place * 7919 % 53 / 53 for place, name in enumerate(NAMES)},
            "This benchmark has lost its rank signal here:",
        ),
    ],
)
def test_page_says_why_there_is_no_line_or_no_signal(client, values, sentence):
    benchmark()
    scored(values)
    rated(RATINGS)
    assert sentence in words(client)


def test_page_says_whose_ratings_and_why_not_our_own(client):
    scored(AVERAGES)
    rated(some(RATINGS, 4))
    rated(RATINGS, pool="elsewhere")
    assert "Ratings: <elsewhere> , category overall." in words(client)
    assert "own board is not used, because it has only 4 of the 12 models required for a fit." in words(client)
    assert "own board is not used" not in words(client, "?pool=elsewhere")
    assert f"Ratings: {Pool.objects.get(slug='live').name} , category overall." in words(client, "?pool=live")


def test_page_of_a_coding_benchmark_has_the_votes_on_coding(client):
    benchmark(category="coding")
    scored(AVERAGES)
    rated(RATINGS)
    rated(RATINGS, category="coding")
    said = words(client)
    assert "category coding. The votes in this category are the closest to what the benchmark measures." in said
    text = html(client)
    assert re.search(r'<option value="coding" selected>', text)
    [source] = re.findall(r'data-source="([^"]*)"', text)
    assert "category=coding" in unescape(source)
    assert "closest to what" not in words(client, "?category=overall")


def test_conditions_can_be_chosen_and_are_named_in_words(client):
    scored(AVERAGES, shots=5)
    scored(some(AVERAGES, 20), shots=0, chat_template=True)
    rated(RATINGS)
    options = re.findall(r'<option value="(\w{10})"( selected)?>([^<]*)</option>', html(client))
    assert [(bool(chosen), text.strip()) for _, chosen, text in options] == [
        (True, "h, t, acc, 5-shot: 53"),
        (False, "h, t, acc, 0-shot, with chat template: 20"),
    ]
    other = html(client, f"?conditions={options[1][0]}")
    assert len(rows(other)) == 20
    assert f'<option value="{options[1][0]}" selected>' in other


def test_list_of_benchmarks_leads_there_where_enough_can_be_compared(client):
    scored(AVERAGES)
    scored(some(AVERAGES, 11), on="few")
    rated(RATINGS)
    text = html(client, page="/benchmarks/")
    assert 'href="/benchmarks/b/disagreement/"' in text
    assert "/benchmarks/few/disagreement/" not in text


@pytest.mark.parametrize(("values", "there"), [({"a": 0.5}, True), ({}, False)])
def test_page_of_a_benchmark_with_scores_leads_there(client, values, there):
    benchmark()
    scored(values)
    assert ('href="/benchmarks/b/disagreement/"' in html(client, page="/benchmarks/b/")) is there


def test_category_that_the_chosen_pool_lacks_is_dropped(client):
    scored(AVERAGES)
    rated(RATINGS, pool="elsewhere")
    Category.objects.get_or_create(slug="coding", defaults={"name": "Coding"})
    assert "category overall." in words(client, "?pool=elsewhere&category=coding")
    assert client.get(f"{PAGE}?pool=elsewhere&category=none").status_code == 404
