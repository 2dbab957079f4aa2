"""Token budgets of the service, of networks and of models, and what they must not reveal."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from arena.answers import failover, jobs
from arena.battles import lifecycle
from arena.endpoints import draw, token_budgets
from arena.endpoints.model_requests import DEFAULT_MAX_TOKENS
from arena.identity import api_keys, quotas
from arena.models import API_POOL, LIVE_POOL, Battle, Contestant, DailyTokens, Endpoint, Turn
from tests import factories as common
from tests.arena import factories
from tests.arena.factories import FAILED, FINISHED
from tests.arena.questions import CALL, ask, end_answers, made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uncharged")]
WORD = "Why?"
EACH = 1 + DEFAULT_MAX_TOKENS  # tokens of one side
BATTLE = 2 * EACH


@pytest.fixture(autouse=True)
def last_hour_of_the_day(monkeypatch):
    """The whole budget is released."""
    set_hour(monkeypatch, hour=23)


def set_hour(monkeypatch, hour):
    now = timezone.now().replace(hour=hour, minute=30, second=0)
    monkeypatch.setattr(timezone, "now", lambda: now)


def spent(name):
    return dict(DailyTokens.objects.values_list("charged_to", "tokens")).get(name, 0)


def find_endpoint(contestant):
    return Contestant.objects.get(pk=contestant).endpoint_id


def spent_by(contestant):
    return spent(f"endpoint:{find_endpoint(contestant)}")


def test_spent_service_refuses_until_the_next_hour(client, two_models, allow):
    """One address could request 288 million tokens an hour."""
    allow(arena_tokens_per_day=3 * BATTLE)

    answers = [ask(client, WORD) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [201] * 3 + [503] * 2
    assert answers[-1].json()["error"]["code"] == "budget_spent"
    assert 1799 <= int(answers[-1].headers["Retry-After"]) <= 1801
    assert spent("service") == 3 * BATTLE
    page = client.post("/", {"prompt": WORD})
    assert (page.status_code, "used up its budget" in page.content.decode()) == (503, True)


@pytest.mark.parametrize(("hour", "passed"), [(0, 1), (11, 12), (23, 24)])
def test_budget_is_released_by_the_hour_and_carried_over(monkeypatch, two_models, allow, hour, passed):
    allow(arena_tokens_per_day=24 * BATTLE)
    set_hour(monkeypatch, hour)

    assert made(ask(Client(), WORD) for _ in range(passed + 2)) == passed


def test_new_day_begins_anew(monkeypatch, client, two_models, allow):
    allow(arena_tokens_per_day=BATTLE)
    assert made(ask(client, WORD) for _ in range(2)) == 1

    DailyTokens.objects.update(day=timezone.now().date() - timedelta(days=1))

    assert made([ask(client, WORD)]) == 1


@pytest.mark.parametrize("addresses", [["192.0.2.7"] * 5, [f"2001:db8:1:{number:x}::1" for number in range(5)]])
def test_network_has_a_twentieth_of_a_day(two_models, allow, addresses):
    allow(together=1000, arena_tokens_per_day=40 * BATTLE)

    answers = [ask(Client(), WORD, address=address) for address in addresses]

    assert [answer.status_code for answer in answers] == [201] * 2 + [429] * 3
    assert answers[-1].json()["error"]["code"] == "too_many_tokens"
    assert made([ask(Client(), WORD, address="198.51.100.1")]) == 1


def test_zero_for_addresses_lifts_the_share_of_a_network(two_models, allow):
    allow(arena_tokens_per_day=40 * BATTLE)

    assert made(ask(Client(), WORD) for _ in range(5)) == 5


def test_keys_of_one_account_share_a_twentieth(two_models, allow):
    allow(together=1000, arena_tokens_per_day=40 * BATTLE)
    alice = User.objects.create_user("alice")
    keys = [api_keys.create_key(f"key {number}", ["battle"], user=alice)[1] for number in range(4)]
    keys.append(api_keys.create_key("of an operator", ["battle"])[1])

    answers = [ask(Client(), WORD, Authorization=f"Bearer {key}").status_code for key in keys]

    assert answers == [201, 201, 429, 429, 201]


def test_conversation_is_charged_anew_with_each_turn(client, me, allow):
    allow(arena_tokens_per_day=10**9)
    long, short = ({"state": "finished", "text": letter * 8000, "attempt": 1} for letter in "éy")
    battle = factories.battle(voter=me, prompt="x" * 12_000, a=short, b=long)

    assert made([ask(client, WORD, path=f"{CALL}{battle.pk}/turns/")]) == 1

    assert spent("service") == 2 * ((12_000 + 16_000 + len(WORD)) / 4 + DEFAULT_MAX_TOKENS)


@pytest.mark.parametrize("act", ["turns", "retry"])
def test_spent_service_refuses_turns_and_tries_and_changes_nothing(client, me, allow, act):
    allow(arena_tokens_per_day=1)
    token_budgets.charge_battle({}, LIVE_POOL, 0, "")
    battle = factories.battle("void" if act == "retry" else "ready", a=FAILED, b=FINISHED, voter=me)

    answer = (
        ask(client, path=f"{CALL}{battle.pk}/turns/") if act == "turns" else client.post(f"{CALL}{battle.pk}/retry/")
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "budget_spent")
    assert battle.state == Battle.objects.get(pk=battle.pk).state
    assert Turn.objects.count() == 1


def test_refused_battle_spends_nothing(client, two_models, allow):
    allow(arena_tokens_per_day=2 * BATTLE)
    ask(client, WORD)
    body = {"prompt": WORD, "models": ["nobody", "no one"]}
    assert client.post(CALL, body, content_type="application/json").status_code == 400

    assert spent("service") == BATTLE
    assert made(ask(client, WORD) for _ in range(3)) == 1


@pytest.fixture
def three():
    """The keys of three contestants, of which the first has a budget."""
    return [common.fighter(tokens_per_day=per_day).pk for per_day in (30 * EACH, None, None)]


def list_affordable(models, *where):
    return list(token_budgets.select_affordable(token_budgets.load_budgets(models), *where))


def slugs(keys):
    return [Contestant.objects.get(pk=key).slug for key in keys]


def spend(model, tokens, more=""):
    DailyTokens.objects.create(
        day=timezone.now().date(), charged_to=f"endpoint:{find_endpoint(model)}{more}", tokens=tokens
    )


def test_spent_model_is_not_drawn_until_more_is_released(monkeypatch, client, three):
    spend(three[0], 20 * EACH)
    assert list_affordable(three, LIVE_POOL) == three
    set_hour(monkeypatch, hour=15)  # 16/24 of 30 are 20

    assert list_affordable(three, LIVE_POOL) == three[1:]
    for _ in range(10):
        ask(client, WORD)
    assert not Battle.objects.filter(contestant_a=three[0]).exists()
    assert not Battle.objects.filter(contestant_b=three[0]).exists()


def test_spent_model_replaces_nobody(three):
    spend(three[0], 30 * EACH)
    turn = factories.turn(common.battle(*load_contestants(*three[1:])), a=factories.RUNNING, b=factories.RUNNING)
    job = jobs.load_side_job(turn.pk, factories.side(turn, "a").pk)
    assert failover.replace_contestants([(job, "timeout")]) == [None]


def test_blind_battles_are_charged_by_chance_and_not_by_the_pair(three):
    """So a budget does not reveal the models that were drawn."""
    asked = [lifecycle.start_battle(common.voter(), WORD) for _ in range(6)]

    drawn = sum(three[0] in (battle.contestant_a_id, battle.contestant_b_id) for battle in asked)
    chance = draw.compute_draw_shares(three, LIVE_POOL)[three[0]]
    assert chance == pytest.approx(2 / 3)
    assert spent_by(three[0]) == 6 * round(chance * EACH)
    assert 0 <= drawn <= 6


def test_contestants_of_one_endpoint_spend_one_budget(three):
    plain = Contestant.objects.get(pk=three[0])
    variant = common.variant(plain).pk
    lifecycle.start_battle(common.voter(), WORD)
    chance = draw.compute_draw_shares([*three, variant], LIVE_POOL)[variant]
    assert spent_by(variant) == round(2 * chance * EACH)

    DailyTokens.objects.filter(charged_to=f"endpoint:{plain.endpoint_id}").update(tokens=30 * EACH)
    assert list_affordable([*three, variant], LIVE_POOL) == three[1:]


def test_later_turn_is_charged_by_chance_too(three):
    with_it, without = (
        factories.battle(voter=common.voter(), contestant_a=model, contestant_b=other)
        for model, other in (load_contestants(three[0], three[1]), load_contestants(three[1], three[2]))
    )
    costs = []
    for battle in (with_it, without):
        before = spent_by(three[0])
        lifecycle.ask_follow_up(battle, WORD)
        costs.append(spent_by(three[0]) - before)

    assert costs[0] == costs[1] > 0


def load_contestants(*keys):
    return Contestant.objects.filter(pk__in=keys).order_by("pk")


def test_battles_with_named_models_have_a_third_of_a_model(client, three):
    named = slugs(three)
    asked = [post_battle(client, named[:2], "side_by_side") for _ in range(12)]

    assert asked == [201] * 10 + [503] * 2
    assert list_affordable(three, LIVE_POOL) == three
    assert list_affordable(three, None) == list_affordable(three, API_POOL) == three[1:]
    assert post_battle(client, named[1:], "side_by_side") == 201
    assert post_battle(client, named[:2], "anonymous") == 503
    assert post_battle(client, named, "anonymous") == 201
    assert set(Battle.objects.latest("created_at").among) == set(three)


def post_battle(client, models, mode):
    end_answers()
    body = {"prompt": WORD, "mode": mode, "models": models}
    return client.post(CALL, body, content_type="application/json").status_code


def test_two_named_models_are_asked_nothing_further_once_one_is_spent(client, me, three):
    """Battles that cost little at first may become long."""
    one, other = load_contestants(*three[:2])
    battle = factories.battle(voter=me, contestant_a=one, contestant_b=other, among=three[:2])
    spend(three[0], 10 * EACH, ":named")

    answer = ask(client, WORD, path=f"{CALL}{battle.pk}/turns/")

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "budget_spent")


REFUSED = "budget_spent", "Fewer than two models have budget left. Try again at the top of the hour."


def read_error(answer):
    error = answer.json()["error"]
    return error["code"], error["detail"]


@pytest.mark.parametrize("named", [False, True])
def test_battle_that_spent_models_leave_without_a_pair_is_refused_until_the_next_hour(client, three, named):
    for model in three[:2]:
        Endpoint.objects.filter(contestants=model).update(tokens_per_day=10)
        spend(model, 10)

    answer = client.post(
        CALL, {"prompt": WORD} | ({"models": slugs(three)} if named else {}), content_type="application/json"
    )

    assert (answer.status_code, read_error(answer)) == (503, REFUSED)
    assert 1799 <= int(answer.headers["Retry-After"]) <= 1801


def test_pair_of_which_one_is_spent_is_refused_whether_the_other_is_up_or_not(client, three):
    """And the error does not name it."""
    spend(three[0], 30 * EACH)
    answers = []
    for failed in (0, 2):
        Endpoint.objects.filter(contestants=three[1]).update(failed_probes=failed)
        body = {"prompt": WORD, "models": slugs(three)[:2]}
        answers.append(client.post(CALL, body, content_type="application/json"))

    assert [read_error(answer) for answer in answers] == [REFUSED] * 2


def test_network_that_has_spent_its_quarter_of_the_models_is_told_so(three, allow):
    allow(together=1000)
    Endpoint.objects.update(tokens_per_day=30 * EACH)
    answers = []
    while not answers or answers[-1].status_code == 201:
        answers.append(ask(Client(), WORD, address="192.0.2.7"))

    assert (answers[-1].status_code, read_error(answers[-1])[0]) == (429, "too_many_tokens")
    assert 1799 <= int(answers[-1].headers["Retry-After"]) <= 1801
    assert made([ask(Client(), WORD, address="198.51.100.1")]) == 1


def test_too_few_models_that_are_up_are_no_spent_budget(client, three):
    spend(three[0], 30 * EACH)
    Endpoint.objects.filter(contestants=three[1]).update(failed_probes=2)
    Endpoint.objects.filter(contestants=three[2]).update(failed_probes=2)

    assert read_error(ask(client, WORD))[0] == "too_few_models"


def test_set_of_which_one_is_out_of_the_draw_is_charged(client, three):
    Endpoint.objects.filter(contestants=three[1]).update(failed_probes=2)

    assert post_battle(client, slugs(three)[:2], "anonymous") == 201

    assert spent_by(three[0]) == EACH


def test_spent_model_is_refused_side_by_side_and_says_so(client, three):
    spend(three[0], 30 * EACH)

    answer = client.post(
        CALL, {"prompt": WORD, "mode": "side_by_side", "models": slugs(three)[:2]}, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "budget_spent")
    assert "Choose other models" in answer.json()["error"]["detail"]
    assert not Battle.objects.exists()


def test_tokens_for_thought_are_charged_too(client, three):
    Contestant.objects.filter(pk=three[0]).update(max_tokens=100, thinking_tokens=8000)

    assert post_battle(client, slugs(three)[:2], "side_by_side") == 201

    assert spent_by(three[0]) == 1 + 100 + 8000


@pytest.fixture
def thinking(three):
    """Three models without budgets → the most tokens of their answers; the third one reasons for long."""
    Contestant.objects.filter(pk=three[1]).update(max_tokens=100)
    Contestant.objects.filter(pk=three[2]).update(max_tokens=200, thinking_tokens=8000)
    Endpoint.objects.update(tokens_per_day=None)
    return dict(zip(three, (DEFAULT_MAX_TOKENS, 100, 8200), strict=True))


def test_service_and_network_are_charged_what_the_models_may_answer_with(client, thinking, allow):
    """A model that reasons may answer with ten times the tokens of others."""
    allow(together=1000, arena_tokens_per_day=10**9)

    assert post_battle(client, slugs(thinking)[1:], "side_by_side") == 201

    assert set(DailyTokens.objects.values_list("tokens", flat=True)) == {1 + 100 + 1 + 8200}
    assert DailyTokens.objects.count() == 2


def test_service_is_charged_the_same_for_every_pair(thinking, allow):
    allow(arena_tokens_per_day=10**9)
    costs, pairs = set(), set()
    while len(pairs) < 3:
        before = spent("service")
        battle = lifecycle.start_battle(common.voter(), WORD)
        pairs.add(frozenset((battle.contestant_a_id, battle.contestant_b_id)))
        costs.add(spent("service") - before)

    shares = draw.compute_draw_shares(list(thinking), LIVE_POOL)
    assert costs == {round(sum(shares[model] * (1 + longest) for model, longest in thinking.items()))}


def test_service_is_charged_the_longest_answers_while_fewer_than_two_models_are_up(me, thinking, allow):
    """Any two of all models may then continue the battle."""
    allow(arena_tokens_per_day=10**9)
    battle = factories.battle(voter=me)
    Endpoint.objects.exclude(contestants__max_tokens=100).update(failed_probes=2)

    lifecycle.ask_follow_up(battle, WORD)

    assert spent("service") == pytest.approx(2 * 8200, abs=50)


def test_network_has_a_twentieth_of_a_model_that_it_names(client, three, allow):
    allow(together=1000)
    Endpoint.objects.filter(contestants=three[0]).update(tokens_per_day=60 * EACH)

    assert [post_battle(client, slugs(three)[:2], "side_by_side") for _ in range(5)] == [201] * 3 + [429] * 2


def test_network_does_not_choose_its_blind_pairs_by_naming_models(rf, monkeypatch, client, three, allow):
    """After five side-by-side battles with the other models, all blind battles of a network had the same pair."""
    allow(together=1000)
    Endpoint.objects.filter(contestants=three[0]).update(tokens_per_day=60 * EACH)
    set_hour(monkeypatch, hour=0)
    payer = quotas.get_payer(rf.get("/", REMOTE_ADDR="127.0.0.1"))

    assert post_battle(client, slugs(three)[:2], "side_by_side") == 201
    assert list_affordable(three, LIVE_POOL, payer) == three


def test_no_network_spends_what_the_first_hour_releases(monkeypatch, two_models, allow):
    """A twentieth of a day is more than the twenty-fourth that the first hour releases."""
    allow(together=1000, arena_tokens_per_day=240 * BATTLE)
    set_hour(monkeypatch, hour=0)

    answers = [ask(Client(), WORD, address="192.0.2.7") for _ in range(13)]

    assert [answer.status_code for answer in answers].count(201) == 3
    assert 1799 <= int(answers[-1].headers["Retry-After"]) <= 1801
    assert made([ask(Client(), WORD, address="198.51.100.1")]) == 1


def test_no_network_takes_a_model_out_of_the_draw_of_others(three, allow):
    allow(together=1000)

    answers = [ask(Client(), WORD, address=address) for _ in range(30) for address in ("192.0.2.7", "198.51.100.1")]

    assert made(answers) == 60
    assert three[0] in list_affordable(three, LIVE_POOL)
    assert three[0] in list_affordable(three, LIVE_POOL, "another network")
    asked = Battle.objects.order_by("created_at")[30:]
    assert {three[0]}.isdisjoint(key for battle in asked for key in (battle.contestant_a_id, battle.contestant_b_id))


def test_nothing_is_counted_where_there_is_no_budget(client, two_models):
    assert made(ask(client, WORD) for _ in range(3)) == 3
    assert not DailyTokens.objects.exists()


def test_who_asked_is_stored_as_a_keyed_hash_for_two_days(client, two_models, allow):
    allow(together=1000, arena_tokens_per_day=10**9)
    ask(client, WORD, address="192.0.2.7")
    assert "192.0.2" not in str(list(DailyTokens.objects.values_list("charged_to", flat=True)))

    assert token_budgets.delete_old_charges() == 0
    DailyTokens.objects.update(day=timezone.now().date() - timedelta(days=3))
    assert token_budgets.delete_old_charges() == 2
