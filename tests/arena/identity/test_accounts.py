"""Accounts: data that a login moves, data that a logout leaves, and sites that require login."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from arena.identity import accounts, voters
from arena.models import LIVE_POOL, Battle, Pool, Session, Vote, Voter
from ratings.models import PoolCounts, Tally
from ratings.pipeline import pool_state
from tests import factories as common
from tests.arena import factories
from tests.races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_attempts")]
PASSWORD = "a long way home 7"
CALL = "/api/v1/battles/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def required(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_login="required")


def sign_up(client, name="alice", **fields):
    return client.post("/accounts/signup/", {"username": name, "password1": PASSWORD, "password2": PASSWORD, **fields})


def log_in(client, name="alice", password=PASSWORD, **fields):
    return client.post("/accounts/login/", {"login": name, "password": password, **fields})


def log_out(client):
    return client.post("/accounts/logout/")


def get_cookie_voter_id(client):
    return voters.uuid.UUID(voters.cookie_signer.unsign(client.cookies[voters.VOTER_COOKIE].value))


def create_client_with_cookie(voter_id):
    client = Client()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(voter_id))
    return client


def ask(client, prompt="Why?"):
    """The id of a battle that the client starts."""
    answer = client.post(CALL, {"prompt": prompt}, content_type="application/json")
    assert answer.status_code == 201
    return answer.json()["id"]


def list_battle_ids(client):
    """Ids of the client's battles, on which the API and the page must agree."""
    ids = [battle["id"] for battle in client.get(CALL).json()["results"]]
    html = client.get("/battles/").content.decode()
    assert all(f"/battles/{battle_id}/" in html for battle_id in ids)
    assert html.count('class="my-question"') == len(ids)
    return ids


def test_signup_takes_along_what_the_browser_has_done(client, two_models):
    battle_id = ask(client)
    cookie = get_cookie_voter_id(client)
    vote = common.vote(*two_models, voter=cookie, battle=Battle.objects.get())

    answer = sign_up(client)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert list_battle_ids(client) == [battle_id]
    voter = Voter.objects.get()
    assert voter.user.username == "alice"
    assert Battle.objects.get().voter == voter
    assert Vote.objects.get(pk=vote.pk).voter == voter.pk != cookie


def test_login_in_another_browser_joins_both_histories(client, two_models):
    sign_up(client)
    first = ask(client)
    other = Client()
    second = ask(other)

    log_in(other)

    assert list_battle_ids(other) == list_battle_ids(client) == [second, first]
    assert Voter.objects.count() == 1


def test_logout_leaves_an_empty_browser_and_login_brings_all_back(client, two_models):
    battle = ask(client)
    sign_up(client)
    during = client.cookies[voters.VOTER_COOKIE].value

    answer = log_out(client)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.cookies[voters.VOTER_COOKIE].value != during
    assert list_battle_ids(client) == []
    assert client.get(f"/battles/{battle}/").status_code == 404
    log_in(client)
    assert list_battle_ids(client) == [battle]


def test_two_accounts_in_one_browser_never_mix(client, two_models):
    sign_up(client, "alice")
    of_alice = ask(client)
    log_out(client)
    sign_up(client, "bob")
    of_bob = ask(client)
    assert list_battle_ids(client) == [of_bob]
    log_out(client)

    log_in(client, "alice")

    assert list_battle_ids(client) == [of_alice]


def test_session_that_ends_leaves_nothing_of_the_account_in_the_browser(client, two_models):
    sign_up(client, "alice")
    of_alice = ask(client)
    Session.objects.all().delete()

    assert list_battle_ids(client) == []
    of_nobody = ask(client)
    sign_up(client, "bob")

    assert list_battle_ids(client) == [of_nobody]
    assert Battle.objects.get(pk=of_alice).voter.user.username == "alice"


def test_cookie_of_before_the_login_opens_nothing_of_the_account(client, two_models):
    """The cookie may have been planted or copied."""
    planted = uuid4()
    victim = create_client_with_cookie(planted)
    earlier_battle = ask(victim)
    sign_up(victim)
    later_battle = ask(victim)
    thief = create_client_with_cookie(planted)

    assert list_battle_ids(thief) == []
    assert [thief.get(f"/battles/{battle}/").status_code for battle in (earlier_battle, later_battle)] == [404, 404]
    own = ask(thief)
    assert set(list_battle_ids(victim)) == {earlier_battle, later_battle}
    assert list_battle_ids(thief) == [own]


def test_cookies_of_a_logged_in_browser_are_worth_nothing_without_its_session(client, two_models):
    sign_up(client)
    ask(client)

    assert list_battle_ids(create_client_with_cookie(get_cookie_voter_id(client))) == []


@pytest.mark.parametrize("forged", ["", "x", f"{UUID(int=1)}:signature"])
def test_login_with_a_forged_cookie_joins_nothing(client, two_models, forged):
    anonymous = factories.battle().voter
    client.cookies[voters.VOTER_COOKIE] = forged or str(anonymous.pk)

    sign_up(client)

    assert list_battle_ids(client) == []
    assert Battle.objects.get().voter == anonymous


def test_join_takes_nothing_from_another_account(two_models):
    alice, bob = (User.objects.create_user(name) for name in ("alice", "bob"))
    of_alice = factories.battle(voter=common.voter(user=alice)).voter

    voter_id = accounts.merge_into_account(bob, of_alice.pk)

    assert voter_id != of_alice.pk
    assert Battle.objects.get().voter == of_alice


def test_question_sets_move_to_the_account():
    question_set, user = factories.question().set, User.objects.create_user("alice")

    voter_id = accounts.merge_into_account(user, question_set.owner_id)

    question_set.refresh_from_db()
    assert question_set.owner_id == voter_id


def test_login_gives_the_session_another_key(client):
    sign_up(client)
    log_out(client)
    session = client.session
    session["planted"] = 1
    session.save()
    client.cookies["sessionid"] = session.session_key

    log_in(client)

    assert client.cookies["sessionid"].value != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()


def test_join_is_seen_by_whoever_keeps_votes_in_memory(client, two_models):
    """All votes of one person form one cluster, before and after."""
    client.get("/")
    anonymous = common.voter(id=get_cookie_voter_id(client))
    for _ in range(3):
        common.cast(*two_models, voter=anonymous.pk, prompt_hash="c" * 32)
    common.cast(*two_models, voter=uuid4())
    ((pool, folded),) = common.drain_outbox().items()
    pool_state.apply_changes(pool, folded)
    pool_state.get_pool_state(Pool.objects.get(pk=pool.pk))

    sign_up(client)
    common.cast(*two_models, voter=Voter.objects.get().pk)
    ((pool, folded),) = common.drain_outbox().items()
    pool_state.apply_changes(pool, folded)
    remembered = pool_state.get_pool_state(Pool.objects.get(pk=pool.pk))

    clusters = remembered.votes["voter"].tolist()
    assert sorted(map(clusters.count, set(clusters))) == [1, 4]
    pool_state.clear_pool_states()


def test_join_leaves_a_second_vote_on_an_item_with_its_voter(two_models):
    """Both votes go on counting, as they did before."""
    account, anonymous = common.voter(user=User.objects.create_user("alice")), common.voter()
    items = [uuid4() for _ in range(2)]
    votes = [
        common.cast(*two_models, pool="ready", voter=voter.pk, item=item, prompt_hash="c" * 32)
        for voter, item in ((account, items[0]), (anonymous, items[0]), (anonymous, items[1]), (anonymous, None))
    ]

    assert accounts.merge_into_account(account.user, anonymous.pk) == account.pk

    found = Vote.objects.in_bulk()
    assert [found[vote.pk].voter for vote in votes] == [account.pk, anonymous.pk, account.pk, account.pk]
    common.drain_outbox()
    assert Tally.objects.get(board__category__slug="overall").wins == 4


def test_join_moves_pools_to_the_account():
    anonymous, user = common.voter(), User.objects.create(username="owner")
    pool = common.pool("mine", owner=anonymous)
    account_voter = accounts.merge_into_account(user, anonymous.pk)
    pool.refresh_from_db()
    assert pool.owner_id == account_voter


def test_join_without_votes_makes_nobody_read_them_again(client, two_models):
    common.cast(*two_models)
    common.drain_outbox()
    revision = PoolCounts.objects.get(pool=LIVE_POOL).revision
    ask(client)

    sign_up(client)

    assert PoolCounts.objects.get(pool=LIVE_POOL).revision == revision


@pytest.mark.django_db(transaction=True)
def test_two_logins_at_once_join_once(two_models):
    user = User.objects.create_user("alice")
    anonymous = factories.battle().voter

    results = at_once(4, lambda _: accounts.merge_into_account(user, anonymous.pk))

    assert len(set(results)) == 1
    assert (Voter.objects.get().user, Battle.objects.get().voter_id) == (user, results[0])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password1": "12345678", "password2": "12345678"}, "entirely numeric"),
        ({"password1": "password1", "password2": "password1"}, "too common"),
        ({"password1": "k3v", "password2": "k3v"}, "too short"),
        ({"username": "alicebobcarol", "password1": "alicebobcarol", "password2": "alicebobcarol"}, "too similar"),
        ({"password2": "another one 8"}, "You must type the same password each time."),
        ({"username": "a\x00b"}, "Null characters are not allowed."),
        ({"username": ""}, "This field is required."),
    ],
)
def test_bad_signup_says_why_and_makes_no_account(client, fields, sentence):
    answer = sign_up(client, **fields)

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_wrong_password_says_the_same_whether_or_not_there_is_the_name(client, name):
    User.objects.create_user("alice", password=PASSWORD)

    answer = log_in(client, name, "wrong")

    assert "The username or the password is wrong." in answer.content.decode()
    assert "sessionid" not in client.cookies


def test_attempts_are_counted_by_the_address_that_we_trust(client):
    for number in range(31):
        answer = client.get("/accounts/login/", headers={"X-Forwarded-For": f"198.51.100.{number}"})
        assert answer.status_code == 200
    for number in range(31):
        answer = client.post("/accounts/login/", {}, headers={"X-Forwarded-For": f"198.51.100.{number}"})

    assert (answer.status_code, "<h1>Too many attempts</h1>" in answer.content.decode()) == (429, True)
    assert answer.headers["Retry-After"] == "60"


def test_changed_password_ends_other_sessions_and_keeps_this_one(client, two_models):
    sign_up(client)
    battle = ask(client)
    other = Client()
    log_in(other)

    answer = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "quite new 99", "password2": "quite new 99"},
    )

    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/")
    assert (list_battle_ids(client), list_battle_ids(other)) == ([battle], [])
    log_in(other, password="quite new 99")
    assert list_battle_ids(other) == [battle]


def test_closed_account_is_told_so(client):
    User.objects.create_user("alice", password=PASSWORD, is_active=False)

    answer = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD}, follow=True)

    assert "This account is closed." in answer.content.decode()
    assert Voter.objects.count() == 0


@pytest.mark.parametrize("path", ["email/", "confirm-email/", "password/reset/", "login/code/", "3rdparty/"])
def test_pages_that_need_mail_are_not_there(client, path):
    assert client.get(f"/accounts/{path}").status_code == 404


@pytest.mark.parametrize(
    ("back", "leads"), [("/battles/?q=x", "/battles/?q=x"), ("https://evil.example/", "/"), ("//evil.example", "/")]
)
def test_login_leads_back_to_our_own_pages_alone(client, back, leads):
    User.objects.create_user("alice", password=PASSWORD)

    assert log_in(client, next=back).headers["Location"] == leads


@pytest.mark.parametrize("path", ["", "logout/", "password/change/"])
def test_pages_of_an_account_lead_others_to_the_login(client, path):
    answer = client.get(f"/accounts/{path}")

    assert answer.status_code == 302
    assert answer.headers["Location"] in ("/", f"/accounts/login/?next=/accounts/{path}")


@pytest.mark.parametrize("path", ["/", "/healthz", "/battles/", "/leaderboard/", "/api/v1/models/"])
def test_request_without_a_session_asks_for_none(client, path):
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
        client.get(path)

    assert not [query for query in queries if "arena_session" in query["sql"] or "auth_user" in query["sql"]]


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/", "?next=%2F"),
        ("/?prompt=a%26b", "?next=%2F%3Fprompt%3Da%2526b"),
        ("/battles/", "?next=%2Fbattles%2F"),
        ("/leaderboard/", "?next=%2Fleaderboard%2F"),
        ("/models/x/", "?next=%2Fmodels%2Fx%2F"),
        ("/nothing/", "?next=%2Fnothing%2F"),
        ("/accountsx", "?next=%2Faccountsx"),
    ],
)
def test_where_a_login_is_required_pages_lead_to_it(required, client, path, back):
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/accounts/login/{back}")
    assert len(queries) == 0


@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
@pytest.mark.parametrize("path", ["battles/", "battles/{}/", "battles/{}/vote/", "models/", "leaderboard/", "nothing"])
def test_where_a_login_is_required_the_api_says_so(required, client, two_models, method, path):
    battle = factories.battle()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))

    answer = getattr(client, method)(f"/api/v1/{path.format(battle.pk)}")

    assert answer.status_code == 401
    assert answer.json() == {
        "error": {"code": "login_required", "detail": "This site requires login. Log in, or send an API key."}
    }
    assert Battle.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["battles/{}/events", "leaderboard/events"])
async def test_where_a_login_is_required_streams_say_so(required, path):
    answer = await AsyncClient().get("/api/v1/" + path.format(uuid4()))

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "login_required")


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/healthz"])
def test_where_a_login_is_required_some_pages_are_open(required, client, path):
    assert client.get(path).status_code == 200


def test_where_a_login_is_required_a_form_leads_to_the_login_alone(required, client):
    assert client.post("/", {"prompt": "Why?"}).headers["Location"] == "/accounts/login/"
    assert client.post("/", {"prompt": "Why?"}, headers=HTMX).headers["HX-Redirect"] == "/accounts/login/"
    assert not Battle.objects.exists()


def test_where_a_login_is_required_members_go_on(required, client, two_models):
    User.objects.create_user("alice", password=PASSWORD)
    log_in(client)

    battle = ask(client)

    assert list_battle_ids(client) == [battle]
    log_out(client)
    assert client.get("/").status_code == 302


@pytest.mark.django_db(transaction=True)
async def test_asynchronous_requests_know_accounts_too(web, two_models, in_database, required):
    sync = Client()
    await in_database(lambda: User.objects.create_user("alice", password=PASSWORD))
    await in_database(log_in, sync)
    battle = await in_database(ask, sync)
    await in_database(lambda: Battle.objects.update(state="expired"))
    client = AsyncClient()
    client.cookies = sync.cookies

    own_events = await client.get(f"/api/v1/battles/{battle}/events")
    content = aiter(own_events.streaming_content)
    await content.aclose()

    assert own_events.status_code == 200
    client.cookies["sessionid"] = "x"
    assert (await client.get(f"/api/v1/battles/{battle}/events")).status_code == 401
