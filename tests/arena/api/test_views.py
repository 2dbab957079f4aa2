"""The REST API of battles and models."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arena.models import LIVE_POOL, Answer, Battle, Standing, Turn, Vote
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED, RUNNING

pytestmark = pytest.mark.django_db
CALL = "/api/v1/battles/"


def post(client, path, **body):
    return client.post(CALL + path, body, content_type="application/json")


def test_start_answers_with_the_battle(client, two_models):
    answer = post(client, "", prompt="Why?")

    assert answer.status_code == 201
    body = answer.json()
    battle = Battle.objects.get()
    assert UUID(body.pop("id")) == battle.pk
    assert datetime.fromisoformat(body.pop("created_at")) == battle.created_at
    waiting = {"state": "answering", "text": "", "reason": None}
    assert body == {
        "state": "answering",
        "mode": "anonymous",
        "pool": "live",
        "turns": [
            {"number": 1, "prompt": "Why?", "answers": [{"side": "a", **waiting}, {"side": "b", **waiting}]},
        ],
        "models": None,
        "vote": None,
        "shared": False,
        "events_url": f"/api/v1/battles/{battle.pk}/events",
    }


def test_battle_of_two_chosen_models_counts_in_no_pool(client, me):
    battle = factories.battle("ready", voter=me, mode="side_by_side")

    assert client.get(f"{CALL}{battle.pk}/").json()["pool"] is None
    assert client.get(CALL).json()["results"][0]["pool"] is None
    assert post(client, f"{battle.pk}/vote/", winner="a").json()["pool"] is None


@pytest.mark.parametrize(
    "models",
    [
        ["a"],
        ["a", "a"],
        ["a", "nobody"],
        [["a"], "b"],
        [f"m{n}" for n in range(21)],
    ],
    ids=lambda models: repr(models)[:20],
)
def test_start_refuses_models_that_it_does_not_have(client, models):
    for slug in "ab":
        common.endpoint(common.model(slug))

    answer = post(client, "", prompt="Why?", models=models)

    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["models"])


def test_battle_shows_what_was_released_of_running_answers(client, me):
    battle = factories.battle("answering", a=RUNNING | {"text": "Be"}, b=RUNNING, voter=me)

    answers = client.get(f"{CALL}{battle.pk}/").json()["turns"][0]["answers"]

    assert [(a["state"], a["text"]) for a in answers] == [("answering", "Be"), ("answering", "")]


@pytest.mark.parametrize("action", ["", "vote/", "turns/", "stop/", "retry/", "events"])
@pytest.mark.parametrize("whose", ["another's", "nobody's"])
def test_battle_of_anyone_else_is_not_there(client, me, action, whose):
    battle = factories.battle().pk if whose == "another's" else uuid4()
    method = client.get if action in ("", "events") else client.post

    body = {"data": {"winner": "a", "prompt": "x"}, "content_type": "application/json"} if method == client.post else {}
    answer = method(f"{CALL}{battle}/{action}", **body)

    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "code": "not_found",
        "detail": "This battle does not exist, or it belongs to another voter.",
    }
    assert not Vote.objects.exists()


def test_list_shows_my_battles_newest_first(client, me):
    battles = [factories.battle(voter=me) for _ in range(3)]
    factories.battle()

    results = client.get(CALL).json()["results"]

    assert {result["id"] for result in results} == {str(battle.pk) for battle in battles}
    assert [r["created_at"] for r in results] == sorted((r["created_at"] for r in results), reverse=True)


def test_list_needs_the_same_number_of_queries_for_one_battle_as_for_thirty(client, me, django_assert_num_queries):
    models = [
        common.fighter(common.model(organization=common.organization(), license=common.license())) for _ in range(4)
    ]
    for count in (1, 30):
        while me.battles.count() < count:
            battle = factories.battle("ready", contestant_a=models[count % 3], contestant_b=models[3], voter=me)
            factories.turn(battle, 2, a=FINISHED, b=FINISHED)
            if count > 1:
                common.vote(battle.contestant_a, battle.contestant_b, battle=battle)
                Battle.objects.filter(pk=battle.pk).update(state="voted")
        with django_assert_num_queries(1):
            assert len(client.get(CALL).json()["results"]) == count


def test_list_of_long_battles_is_small(client, me):
    """Each battle has twenty turns of 6 kB and more. Their 10 MB of text neither reach nor leave the web process."""
    models = common.models(2)
    text = "\u00fc" * 4_000
    battles = [
        factories.battle(voter=me, contestant_a=models[0], contestant_b=models[1], prompt=text) for _ in range(20)
    ]
    turns = Turn.objects.bulk_create(
        [Turn(battle=battle, number=number, prompt=text) for battle in battles for number in range(2, 21)]
    )
    said = {"text": text, "state": "finished"}
    Answer.objects.bulk_create(
        [
            Answer(turn=turn, side=side, contestant=contestant, **said)
            for turn in turns
            for side, contestant in turn.battle.contestants_by_side.items()
        ]
    )

    with CaptureQueriesContext(connection) as queries:
        answer = client.get(CALL)

    rows = answer.json()["results"]
    assert len(answer.content) < 40_000
    assert {(row["question"], row["turn_count"], "turns" in row) for row in rows} == {(text[:300], 20, False)}
    assert len(queries) == 1
    assert queries[0]["sql"].count('"prompt"') == queries[0]["sql"].count('LEFT(U0."prompt", 300)') == 1
    assert '"text"' not in queries[0]["sql"]


@pytest.mark.parametrize(("state", "queries"), [("ready", 3), ("voted", 3)])
def test_battle_needs_the_same_number_of_queries_however_many_turns(
    client, me, django_assert_num_queries, state, queries
):
    battle = factories.battle(state, voter=me)
    for number in range(2, 12):
        factories.turn(battle, number, a=FINISHED, b=FINISHED)

    with django_assert_num_queries(queries):
        client.get(f"{CALL}{battle.pk}/")


@pytest.mark.parametrize("winner", ["a", "b", "tie", "both_bad"])
def test_vote_reveals_both_models_with_their_ratings_before_it(client, me, winner):
    maker = common.organization("Maker")
    battle = factories.battle(
        voter=me,
        contestant_a=common.model("alpha", name="Alpha", organization=maker, license=common.license("MIT")),
        contestant_b=common.model("beta", name="Beta"),
    )
    rating = {"rating": 1010.5, "ci_low": 990.0, "ci_high": None, "rank": 2, "votes": 40, "provisional": True}
    Standing.objects.create(pool_id=LIVE_POOL, ratings={"alpha": rating})

    answer = post(client, f"{battle.pk}/vote/", winner=winner)

    assert answer.status_code == 201
    body = answer.json()
    assert (body["state"], body["vote"]["winner"]) == ("voted", winner)
    known = {key: rating[key] for key in ("rating", "ci_low", "ci_high", "rank", "votes")}
    assert body["models"] == [
        {"side": "a", "slug": "alpha", "name": "Alpha", "organization": "Maker", "license": "MIT", **known},
        {"side": "b", "slug": "beta", "name": "Beta", "organization": None, "license": None, **dict.fromkeys(known)},
    ]
    assert client.get(f"{CALL}{battle.pk}/").json() == body


def test_vote_skip_reveals_nothing(client, me):
    battle = factories.battle(voter=me)

    answer = post(client, f"{battle.pk}/vote/", winner="skip")

    assert answer.status_code == 201
    assert (answer.json()["state"], answer.json()["models"], answer.json()["vote"]) == ("skipped", None, None)


def test_vote_twice_is_409_with_the_stored_vote(client, me):
    battle = factories.battle(voter=me)
    sent = {"winner": "tie", "reasons": {"b": ["too_long"]}, "comment": "Both know it."}
    cast = post(client, f"{battle.pk}/vote/", **sent).json()["vote"]

    answer = post(client, f"{battle.pk}/vote/", winner="a")

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "already_voted"
    for stored in (cast, answer.json()["error"]["vote"]):
        assert datetime.fromisoformat(stored.pop("created_at")) == Vote.objects.get().created_at
        assert stored == sent


def test_turns_asks_again(client, me):
    battle = factories.battle(voter=me)

    answer = post(client, f"{battle.pk}/turns/", prompt="And then?")

    assert (answer.status_code, answer.json()["state"]) == (201, "answering")
    assert [turn["prompt"] for turn in answer.json()["turns"]] == ["Why?", "And then?"]


@pytest.mark.parametrize(("endpoint", "in_draw"), [(None, False), ({}, True), ({"enabled": False}, False)])
def test_model_says_whether_it_is_in_the_draw(client, endpoint, in_draw):
    model = common.model("gpt-4.1")
    if endpoint is not None:
        common.endpoint(model, **endpoint)

    answer = client.get("/api/v1/models/gpt-4.1/")

    assert (answer.status_code, answer.json()["slug"], answer.json()["in_draw"]) == (200, "gpt-4.1", in_draw)


def test_models_never_show_where_they_are_called(client):
    common.endpoint(
        common.model("x"), base_url="https://inside.example/v1", upstream_id="upstream", api_key_env="SECRET_ENV"
    )

    for path in ("/api/v1/models/", "/api/v1/models/x/"):
        body = client.get(path).content
        assert not [mark for mark in (b"inside.example", b"upstream", b"SECRET_ENV") if mark in body]


@pytest.mark.parametrize(
    ("path", "body", "known"),
    [
        ("", {"prompt": "Why?", "models_": []}, "Allowed fields: prompt, mode, models"),
        ("", {"state": "voted"}, "Allowed fields: prompt, mode, models"),
        ("{}/vote/", {"winner": "a", "counted": True}, "Allowed fields: winner, reasons, comment"),
        ("{}/turns/", {"prompt": "And?", "winner": "a"}, "Allowed fields: prompt"),
        ("{}/stop/", {"prompt": "And?"}, "This call takes no fields"),
        ("{}/retry/", {"": 1}, "This call takes no fields"),
    ],
)
def test_field_that_we_do_not_know_is_named_and_nothing_is_done(client, me, two_models, path, body, known):
    battle = factories.battle(voter=me)

    answer = post(client, path.format(battle.pk), **body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {list(body)[-1]: [f"Unknown field. {known}."]}
    assert (Battle.objects.get().state, Vote.objects.count()) == ("ready", 0)


@pytest.mark.parametrize("action", ["stop", "retry"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_call_that_takes_no_body_minds_no_empty_one(client, me, action, kind):
    battle = factories.battle("answering" if action == "stop" else "void", a=FAILED, b=FINISHED, voter=me)
    body = b"--x--\r\n" if "boundary" in kind else b""

    assert client.generic("POST", f"{CALL}{battle.pk}/{action}/", body, content_type=kind).status_code == 200
