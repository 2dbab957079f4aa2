"""Templates of all pages: the content of each state, the content security policy, and accessibility."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from uuid import UUID

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.safestring import mark_safe

from arena.battles.history import VoterModelRecord, VoterRecord
from arena.battles.reveal import RatingChanges
from arena.endpoints.performance import EndpointPerformance
from arena.web.reveal_cards import describe_card
from core.templatetags.strips import build_scale

QUESTION = "Which <metal> melts in the hand?"
RATED = {"rating": 1034.4, "ci_low": 1010.1, "ci_high": 1058.6, "rank": 3, "models": 12, "votes": 1204}
FACTS = {"organization": "Maker", "license": "MIT", "open_weights": True, "size": "46.7B", "active_size": "12.9B"}
MEASURED = {"answers": 1, "first_token_s": 0.42, "tokens_per_s": 51.7, "tokens": 1312, "cost": "$0.0021"}
USUAL = EndpointPerformance(answers=90, failures=0, calls=90, first_token_s=0.6, tokens_per_s=48.2)
TYPICAL = {"usual_performance": USUAL, "price": ("$2.50", "$10.00")}
REASONS = ["stopped", "timeout", "unavailable", "refused", "too_long", "empty"]
UNKNOWN = dict.fromkeys([*FACTS, *MEASURED, *TYPICAL])


class Outline(HTMLParser):
    """All start tags of a page with their attributes, and its visible text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag, **attributes):
        return [a for t, a in self.tags if t == tag and all(a.get(k) == v for k, v in attributes.items())]


@pytest.fixture(scope="module")
def render():
    """The template rendered as by a view. `query` is part of the address."""

    def rendered(template, query=None, scheme="", **context):
        request = RequestFactory().get("/somewhere/", query)
        request.COOKIES["scheme"] = scheme
        return render_to_string(template, context, request)

    return rendered


def side(letter, state="finished", text="", name="", reason="unavailable"):
    html = mark_safe("<p>The <strong>answer</strong></p>") if state == "finished" else ""
    other = "b" if letter == "a" else "a"
    revealed = {"name": name, "reasoning": name and f"{name} thinks."}
    return {
        "side": letter,
        "other": other,
        "state": state,
        "html": html,
        "text": text,
        "reason": reason,
        **revealed,
    }


def battle(state="ready", sides=("finished", "finished"), text="", turns=1, is_revealed=False, **fields):
    names = ("Quokka <7B>", "Wombat") if is_revealed else ("", "")
    side_contexts = [side(letter, of, text, name) for letter, of, name in zip("ab", sides, names, strict=True)]
    asked = [
        {"number": number, "key": str(number), "prompt": QUESTION, "is_long": number == 2, "sides": side_contexts}
        for number in range(1, turns + 1)
    ]
    vote_fields = {"vote": None, "reveal": None, "next_url": "/", "comment": None}
    stop_fields = {"has_stopped_answer": False, "was_stopped": False}
    return {
        "id": UUID(int=7),
        "mode": "anonymous",
        "state": state,
        "is_revealed": is_revealed,
        "is_rated": fields.get("mode", "anonymous") == "anonymous",
        "events_url": "/api/v1/battles/7/events?from=1.x-0-0.y-0-0.0",
        "turns": asked,
        "max_turns": 20,
        "remaining_characters": 23_000,
        **vote_fields,
        **stop_fields,
        **fields,
    }


def chips(chosen=()):
    words = (("useful", "correct"), ("wrong", "refused"))
    return [[{"word": word, "label": word, "chosen": word in chosen} for word in group] for group in words]


def ratings(before, now=None, board_time=None):
    """The ratings of model a. Model b has none."""
    changes = RatingChanges(
        "live", board_time, {"a": before}, {"a": now or before}, build_scale([1000, 1100], "ratings-axis")
    )
    earlier = before["rating"] if before and board_time else None
    a = {"side": "a", "name": "Quokka <7B>", "slug": "quokka", "before": before, "now": now or before}
    a |= {"earlier": earlier, "change": "+27" if earlier else ""}
    b = {"side": "b", "name": "Wombat", "slug": "wombat", "before": None, "now": None, "earlier": None, "change": ""}
    return {"changes": changes, "rows": [a, b]}


def voted(vote, rating=RATED, prediction=None, **model_a):
    card_fields = {**FACTS, **MEASURED, **TYPICAL, "chips": chips(["useful"])}
    a = {"side": "a", "name": "Quokka <7B>", "slug": "quokka", "won": vote == "a", **card_fields, **model_a}
    b = {"side": "b", "name": "Wombat", "slug": "wombat", "won": vote == "b", **UNKNOWN, "chips": chips()}
    reveal = [side | describe_card(side) for side in (a, b)]
    context = battle("voted", is_revealed=True, vote=vote, reveal=reveal, comment="Hm & so.", ratings=ratings(rating))
    return {
        **context,
        "prediction": prediction,
        "own_record": VoterRecord(3, VoterModelRecord("quokka", "Quokka <7B>", "", 3, 2, 1)),
    }


def row(rank=1, **fields):
    numbers = {"rating": 1023.46, "ci_low": 1001.2, "ci_high": 1044.9, "votes": 1280, "win_rate": 0.625}
    names = {"model": "quokka", "name": "Quokka", "organization": "Maker", "license": "MIT"}
    ranks = {"rank": rank, "rank_low": rank, "rank_high": rank + 1, "tier": 1, "provisional": False, "unbounded": False}
    return {**numbers, **names, **ranks, **fields}


MODEL = {
    "places": [
        {
            "pool": {"slug": "live", "name": "This arena", "kind": "live"},
            "row": row(provisional=True),
            "ranked_models": 12,
        },
        {
            "pool": {"slug": "old", "name": "Old votes", "kind": "import"},
            "row": row(3, ci_high=None),
            "ranked_models": 129,
        },
    ],
    "rated_here": True,
    "measurements": [("Speed", "48 tokens/s"), ("Failed", "1.5% of 1,204 calls in blind battles")],
    "price": {"input": "$2.50", "output": "$10.00", "as_of": datetime(2026, 1, 2, tzinfo=UTC)},
    "size": "46.7B",
    "active": "12.9B",
    "trained_on": "15T",
}
PAGES = {
    "home": ("arena/home/home.html", {"prompt": "", "model_count": 5, "leaders": ""}),
    "home with an error": (
        "arena/home/home.html",
        {"prompt": "x", "errors": {"prompt": ["Too long."]}, "model_count": 1, "leaders": ""},
    ),
    "waiting": ("arena/battle/battle.html", {"battle": battle("answering", ("answering", "answering"))}),
    "ready": ("arena/battle/battle.html", {"battle": battle()}),
    "two turns": ("arena/battle/battle.html", {"battle": battle(turns=2)}),
    "one side failed": ("arena/battle/battle.html", {"battle": battle(sides=("finished", "failed"))}),
    "side by side": ("arena/battle/battle.html", {"battle": battle(is_revealed=True, mode="side_by_side")}),
    "asked again": (
        "arena/battle/battle.html",
        {"battle": battle(), "is_follow_up_open": True, "typed_prompt": "And <b>?", "problem": "No."},
    ),
    "voted": ("arena/battle/battle.html", {"battle": voted("a")}),
    "void": ("arena/battle/battle.html", {"battle": battle("void", ("failed", "failed"))}),
    "skipped": ("arena/battle/battle.html", {"battle": battle("skipped")}),
    "expired": ("arena/battle/battle.html", {"battle": battle("expired")}),
    "model": ("ratings/model/model.html", {"model": {"slug": "quokka", "name": "Quokka"}, **MODEL}),
    "unknown model": ("ratings/model/model.html", {"model": {"slug": "quokka", "name": "Quokka"}}),
    "refused board": ("ratings/boards/board_error.html", {"error": {"status": 400, "detail": "What?"}}),
    "not found": ("404.html", {}),
    "conflict": ("message.html", {"title": "Not possible right now", "detail": "Make another superuser first."}),
    "no data": ("message.html", {"title": "We cannot reach our data right now", "detail": "Please try again."}),
    "forged": ("403_csrf.html", {}),
    "broken": ("500.html", {}),
    "not understood": ("400.html", {}),
}


@pytest.fixture(scope="module", params=PAGES.values(), ids=PAGES.keys())
def page(request, render):
    template, context = request.param
    return Outline(render(template, **context))


def test_page_has_nothing_inline(page):
    assert not page.all("style")
    assert all("src" in script for script in page.all("script"))
    attributes = {name for _, attrs in page.tags for name in attrs}
    assert not [name for name in attributes if name == "style" or name.startswith(("on", "hx-on", "hx-vals"))]


def test_page_loads_only_static_files_that_exist(page):
    loaded = [a["href"] for a in page.all("link")] + [a["src"] for t, a in page.tags if "src" in a]
    assert loaded
    for address in loaded:
        assert address.startswith("/static/")
        assert finders.find(address.removeprefix("/static/")), address


def test_page_has_landmarks_one_heading_and_unique_ids(page):
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("title")) == 1
    assert page.all("html", lang="en")
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    pointed = [
        attrs[name] for _, attrs in page.tags for name in ("aria-describedby", "aria-labelledby") if name in attrs
    ]
    assert set(" ".join(pointed).split()) <= set(ids)
    assert {attrs["for"] for attrs in page.all("label") if "for" in attrs} <= set(ids)


def test_page_names_its_controls_and_groups(page):
    labelled = {attrs["for"] for attrs in page.all("label") if "for" in attrs}
    for box in [*page.all("textarea"), *page.all("input", type="text"), *page.all("select")]:
        assert box.get("id") in labelled or "aria-label" in box
    for group in [attrs for _, attrs in page.tags if attrs.get("role") in ("group", "region")]:
        assert {"aria-label", "aria-labelledby"} & group.keys()


def test_page_heads_descend_one_level_at_a_time(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(next_level <= level + 1 for level, next_level in pairwise(levels))


def test_page_posts_with_a_token(page):
    tokens = page.all("input", name="csrfmiddlewaretoken")
    assert len(tokens) == len(page.all("form", method="post"))


def test_broken_page_needs_no_context_at_all():
    assert "wrong on our side" in render_to_string("500.html")


def test_not_found_page_says_what_was_not_found(render):
    assert "There is no pool" in render("404.html", detail="There is no pool 'x'.")


def test_scheme_switch_leads_back(render):
    outline = Outline(render("404.html", {"category": "a b"}))
    assert outline.all("input", name="next")[0]["value"] == "/somewhere/?category=a+b"
    assert outline.all("form", action="/appearance/")


STATES = [
    (battle("answering", ("answering", "answering")), "Vote when both are done."),
    (battle("ready"), "Which is better? Your vote A is better"),
    (battle("ready", ("finished", "failed"), turns=2), "At least one model did not answer this time."),
    (battle("ready", has_stopped_answer=True), "your vote is stored but does not change any rating"),
    (battle(is_revealed=True, mode="side_by_side"), "You know the names, so your vote does not change any rating."),
    (battle("ready", ("finished", "failed"), turns=2), "This model didn't answer."),
    (battle("void", ("failed", "finished")), "“Start again” starts a new battle. Start again"),
    (battle("void", ("failed", "finished")), "You can't vote: A didn't answer."),
    (battle("void", ("failed", "failed"), was_stopped=True), "You stopped this battle before both answers began,"),
    (battle("skipped"), "No vote was counted, and the names stay hidden."),
    (battle("expired"), "This battle is closed."),
    (voted("a"), "You chose A"),
    (voted("b"), "You chose B"),
    (voted("tie"), "You called it a tie."),
    (voted("both_bad"), "You found both answers bad."),
]


@pytest.mark.parametrize(("shown", "words"), STATES)
def test_battle_says_how_it_stands(render, shown, words):
    html = render("arena/battle/battle.html", battle=shown)
    assert words in Outline(html.partition("<template")[0]).text


@pytest.mark.parametrize(("state", "open_"), [("answering", False), ("ready", True)])
def test_vote_bar_opens_when_both_are_done(render, state, open_):
    outline = Outline(render("arena/battle/battle.html", battle=battle(state)))
    assert ("disabled" not in outline.all("fieldset")[0]) == open_
    winners = [button["value"] for button in outline.all("button", name="winner")]
    assert winners == ["a", "tie", "both_bad", "b", "skip"]


@pytest.mark.parametrize("state", ["voted", "skipped", "void", "expired"])
def test_closed_battle_has_no_vote_bar(render, state):
    context = voted("a") if state == "voted" else battle(state)
    assert not Outline(render("arena/battle/battle.html", battle=context)).all("button", name="winner")


def test_vote_brings_the_names_into_the_panes(render):
    outline = Outline(render("arena/battle/_battle_update.html", battle=voted("b")))
    swapped = [(attrs["id"], attrs["hx-swap-oob"]) for _, attrs in outline.tags if "hx-swap-oob" in attrs]
    panes = [(f"turn-1-{side}-{part}", "true") for side in "ab" for part in ("card", "head", "thoughts")]
    assert sorted(swapped) == [("talk-a-head", "true"), ("talk-b-head", "true"), *sorted(panes)]
    assert "Answer B Wombat your choice Go to answer A Reasoning Wombat thinks." in outline.text


@pytest.mark.parametrize(("turns", "boxes"), [(19, 1), (20, 0)])
def test_box_for_a_further_question_is_gone_at_the_last_turn(render, turns, boxes):
    assert len(Outline(render("arena/battle/battle.html", battle=battle(turns=turns))).all("textarea")) == boxes


@pytest.mark.parametrize(("mode", "reasons"), [("anonymous", ["stopped"]), ("side_by_side", REASONS)])
def test_reasons_of_a_failure_are_at_hand_only_where_they_may_be_told(render, mode, reasons):
    context = battle("answering", ("answering", "answering"), mode=mode, is_revealed=mode == "side_by_side")
    html = render("arena/battle/battle.html", battle=context)
    template = Outline(html.partition('<template id="failed"')[2])
    assert [attrs["data-reason"] for attrs in template.all("p") if "data-reason" in attrs] == reasons


def test_panes_carry_names_and_thoughts_only_where_they_are_known(render):
    blind = Outline(render("arena/battle/battle.html", battle=battle()))
    outline = Outline(render("arena/battle/battle.html", battle=battle(is_revealed=True, mode="side_by_side")))
    assert "Answer A Quokka <7B> Go to answer B Reasoning Quokka <7B> thinks." in outline.text
    assert not blind.all("details", **{"class": "thoughts"})
    assert "Quokka" not in blind.text


@pytest.mark.parametrize("state", ["answering", "finished", "failed"])
def test_panes_differ_in_nothing_but_their_letter(render, state):
    html = render("arena/battle/battle.html", battle=battle("answering", (state, state), "Same text."))
    a, b = re.findall(r"<article.*?</article>", html, re.S)
    lone = r"(?<![a-zA-Z])[{}](?![a-zA-Z])"
    assert a != b
    assert len({re.sub(lone.format("abAB"), "side", pane) for pane in (a, b)}) == 1


def test_void_battle_starts_again_with_its_question_and_is_retried_where_the_answer_is_missing(render):
    outline = Outline(render("arena/battle/battle.html", battle=battle("void", ("failed", "finished"))))
    retries = outline.all("form", **{"hx-post": f"/battles/{UUID(int=7)}/retry/"})
    assert [form["class"] for form in retries] == ["retry"] * 2  # one of them is for a failure that may still come
    assert outline.all("form", action="/")
    assert outline.all("input", name="prompt")[0]["value"] == QUESTION


def find_card(html, letter):
    [card] = re.findall(f'<div class="card" id="turn-1-{letter}-card">(.*?)</div>', html, re.S)
    return card


def test_facts_stand_below_the_last_answers(render):
    context = voted("a")
    context["turns"] = battle(turns=2, is_revealed=True)["turns"]
    html = render("arena/battle/battle.html", battle=context)
    assert not find_card(html, "a")
    assert 'id="turn-2-a-card">' in html
    assert "MIT license" in html.partition('id="turn-2-a-card">')[2].partition("</div>")[0]


def test_reveal_names_both_and_marks_the_choice(render):
    html = render("arena/battle/battle.html", battle=voted("a"))
    outline = Outline(html)
    assert "You chose A Quokka <7B> over B Wombat" in outline.text
    facts = "Maker open weights MIT license 46.7B parameters, 12.9B active"
    assert facts in Outline(find_card(html, "a")).text
    assert "Before your vote" in outline.text
    assert "A was Quokka <7B> 1,034 (1,010 \N{EN DASH} 1,059) rank 3 of 12 B B was" in outline.text
    assert "3 battles judged · favorite Quokka <7B> , won 2 of 3" in outline.text
    assert "This answer 52 tokens/s first token after 0.42 s 1,312 tokens $0.0021" in outline.text
    assert "Usually 48 tokens/s first token after 0.60 s" in outline.text
    assert "Price per million tokens $2.50 input $10.00 output" in outline.text
    assert outline.text.count("your choice") == 2  # in the head of the talk, and on phones in that of the pane
    assert outline.all("a", id="next")[0]["href"] == "/"
    links = {link["href"] for link in outline.all("a")}
    assert {link for link in links if re.match("/models/.", link)} == {"/models/quokka/", "/models/wombat/"}


def test_reveal_leaves_out_what_is_unknown(render):
    html = render("arena/battle/battle.html", battle=voted("a"))
    outline = Outline(html)
    assert "B was Wombat no rating yet" in outline.text
    assert not Outline(find_card(html, "b")).text.strip()
    assert "None" not in outline.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"rating": None}, "A was Quokka <7B> no rating yet"),
        ({"rating": RATED | {"models": None}}, "rank 3 B B was"),
        ({"rating": RATED | {"provisional": True}}, "rank 3 of 12 , provisional B B was"),
        ({"answers": 3}, "These 3 answers 52 tokens/s"),
        ({"usual_performance": None}, "1,312 tokens $0.0021 Price per"),
        ({"rating": RATED | {"ci_high": None}}, "(at least 1,010)"),
        ({"rating": RATED | {"ci_low": None}}, "(at most 1,059)"),
        ({"rating": RATED | {"ci_low": None, "ci_high": None}}, "(too few votes for an interval)"),
        ({"prediction": "A <surprise>."}, "A <surprise>."),
    ],
)
def test_reveal_tells_open_intervals_in_words(render, fields, words):
    assert words in Outline(render("arena/battle/battle.html", battle=voted("a", **fields))).text


def test_ratings_show_how_the_next_board_has_moved_them(render):
    now = RATED | {"rating": 1061.2, "rank": 2, "votes": 1205}
    board_time = datetime(2026, 1, 2, 7, 21, tzinfo=UTC)
    moved = Outline(render("arena/reveal/_ratings.html", ratings=ratings(RATED, now, board_time)))
    assert "Leaderboard as of 07:21 UTC" in moved.text
    assert "A was Quokka <7B> change +27 1,061" in moved.text
    assert "rank 3 → 2 of 12 B B was" in moved.text
    assert "your vote" not in moved.text
