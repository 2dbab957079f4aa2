"""Submissions to the catalog by page and API, and their state."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from arena.battles import deletion
from arena.identity import api_keys
from arena.models import Voter
from catalog.importers import submissions
from catalog.models import LanguageModel, Score, Submission
from tests import factories
from tests.catalog import score_files
from tests.catalog.importers.test_proposal_form import GOOD

pytestmark = pytest.mark.django_db
PAGE, CALL = "/benchmarks/submit/", "/api/v1/submissions/"
FILE = score_files.lm_eval().decode()


@pytest.fixture(autouse=True)
def empty(valkey):
    if keys := valkey.keys("limit:submission:*"):
        valkey.delete(*keys)


def upload(client, content=FILE, **extra):
    data = {"kind": "scores", "file": SimpleUploadedFile("results.json", content.encode())}
    return client.post(PAGE, data, **extra)


def propose(client, **changes):
    return client.post(PAGE, {"kind": "model", **GOOD, **changes})


def post_submission(client, body, **headers):
    return client.post(CALL, json.dumps(body), content_type="application/json", headers=headers)


def create_submission(voter, **changes):
    return submissions.submit_content(voter.pk, submissions.build_proposal(GOOD | changes), ["here"])


def test_form_has_both_ways(client):
    page = client.get(PAGE)
    text = page.content.decode()
    assert page.status_code == 200
    assert 'name="file"' in text
    assert text.count(" required") == 4  # the file, and three fields of the proposal
    assert all(f'name="{field}"' in text for field in GOOD)
    for path in ("/benchmarks/", "/models/"):
        assert f'href="{PAGE}"' in client.get(path).content.decode()


def test_file_leads_to_a_page_that_says_what_was_understood(client, me):
    answer = upload(client)
    submission = Submission.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/benchmarks/submissions/{submission.pk}/")
    assert submission.voter == me.pk
    text = client.get(answer.headers["Location"]).content.decode()
    for words in ("maker/Model-7B", "not in the catalog yet", "gsm8k", "exact_match", "0.6", "Waiting"):
        assert words in text
    assert "maker/Model-7B" in client.get(PAGE).content.decode()
    assert not Score.objects.exists()
    assert not LanguageModel.objects.exists()


def test_limited_run_is_told(client, me):
    upload(client, score_files.lm_eval(config={"limit": 5, "model_args": "pretrained=m"}).decode())
    text = client.get(f"/benchmarks/submissions/{Submission.objects.get().pk}/").content.decode()
    assert "3 scores cover only some of the questions" in text


def test_proposal_leads_to_its_page(client, me):
    answer = propose(client)
    text = client.get(answer.headers["Location"]).content.decode()
    assert "Third Lab" in text
    assert 'href="https://example.com/third"' in text
    assert 'rel="noopener nofollow ugc"' in text


def test_texts_are_escaped(client, me):
    name = "<script>alert(1)</script>"
    propose(client, model=name, why=name, organization=name, license=name)
    upload(client, score_files.lm_eval(model_name=name, results={name: {f"{name},none": 1}}).decode())
    for submission in Submission.objects.all():
        text = client.get(f"/benchmarks/submissions/{submission.pk}/").content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
    assert "<script>alert" not in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("send", "told"),
    [
        (lambda client: client.post(PAGE), "Choose a file first."),
        (lambda client: client.post(PAGE, {"kind": "scores", "file": "text"}), "Choose a file first."),
        (lambda client: upload(client, "{\n oops"), "line 2: invalid JSON"),
        (lambda client: upload(client, '{"results": {"<b>": 3}}'), "results.&lt;b&gt; must be a JSON object"),
        (lambda client: upload(client, " " * 1_000_001), "The file is larger than 1 MB."),
        (lambda client: propose(client, model=""), "This field is required."),
        (lambda client: propose(client, weights="javascript:alert(1)"), "Enter a URL like"),
    ],
)
def test_broken_ones_are_refused_in_words_and_change_nothing(client, me, send, told):
    answer = send(client)
    assert answer.status_code == 400
    assert told in answer.content.decode()
    assert not Submission.objects.exists()


def test_fields_of_a_refused_proposal_stay(client, me):
    text = propose(client, model="").content.decode()
    assert 'value="Third Lab"' in text
    assert 'aria-invalid="true"' in text


def test_largest_file_can_be_sent_by_form_and_api(client, me):
    configs = {str(number): '"' * 1_000 for number in range(460)}  # each quote takes two bytes in the file, four here
    largest = score_files.lm_eval(configs=configs).decode()
    assert 0.9 < len(largest) / submissions.MAX_FILE_BYTES < 1
    assert post_submission(client, {"file": largest}).status_code == 201
    assert upload(client, largest.replace("gsm8k", "gsm9k")).status_code == 302


def test_same_twice_is_told(client, me):
    upload(client)
    answer = upload(client)
    assert answer.status_code == 409
    assert "This has already been submitted" in answer.content.decode()


@pytest.mark.parametrize(("most", "status"), [("MAX_PER_VOTER", 429), ("MAX_PENDING", 503)])
def test_too_many_that_wait_are_told(client, me, monkeypatch, most, status):
    monkeypatch.setattr(submissions, most, 0)
    answer = propose(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "3600")
    assert post_submission(Client(), {"proposal": GOOD}).json()["error"]["code"] == "too_many_waiting"


def test_every_try_is_charged_to_voter_and_address(client, me, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour=4, arena_battles_per_hour_address=9)
    own_address = {"REMOTE_ADDR": "203.0.113.47"}  # other tests use up the computing time of the usual one
    client.defaults |= own_address
    assert [upload(client, "{").status_code for _ in range(3)] == [400, 400, 429]
    assert [post_submission(Client(**own_address), {"file": "{"}).status_code for _ in range(2)] == [400, 429]


def test_nobody_else_sees_it(client, me):
    propose(client)
    submission = Submission.objects.get()
    stranger = Client()
    for path in (f"/benchmarks/submissions/{submission.pk}/", f"{CALL}{submission.pk}/", f"{CALL}{uuid4()}/"):
        assert stranger.get(path).status_code == 404
    assert "Third 7B" not in stranger.get(PAGE).content.decode()
    assert stranger.get(CALL).json()["results"] == []


def test_api_takes_a_file_and_tells_what_has_become_of_it(client):
    _, secret = api_keys.create_key("test", ["read", "battle"])
    key = {"Authorization": f"Bearer {secret}"}
    response = post_submission(client, {"file": FILE}, **key)
    assert response.status_code == 201
    body = response.json()
    assert body["scores"] == {"model": "maker/Model-7B", "scores": 3, "benchmarks": 2, "limited": 0}
    assert (body["kind"], body["state"], body["proposal"], body["decided_at"]) == ("scores", "pending", None, None)
    submissions.refuse_submission(body["id"], "operator", "Which machine?")
    detail = client.get(f"{CALL}{body['id']}/", headers=key).json()
    assert (detail["state"], detail["note"]) == ("refused", "Which machine?")
    assert client.get(CALL, headers=key).json()["results"] == [detail]


def test_api_takes_a_proposal(client):
    body = post_submission(client, {"proposal": GOOD}).json()
    assert (body["kind"], body["proposal"], body["scores"]) == ("model", GOOD, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], None),
        ({}, None),
        ({"file": FILE, "proposal": GOOD}, None),
        ({"files": FILE}, None),
        ({"file": {"results": {}}}, "file"),
        ({"file": None}, "file"),
        ({"file": "\ud800"}, "file"),
        ({"file": "{"}, "file"),
        ({"proposal": "Third 7B"}, "proposal"),
        ({"proposal": GOOD | {"model": 7}}, "proposal"),
        ({"proposal": GOOD | {"size": "7B"}}, "size"),
        ({"proposal": GOOD | {"model": ""}}, "model"),
        ({"proposal": GOOD | {"weights": "javascript:x"}}, "weights"),
    ],
)
def test_api_refuses_with_the_field(client, body, field):
    answer = post_submission(client, body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], list(error.get("fields", {None: 0}))) == ("invalid", [field])
    assert not Submission.objects.exists()


def test_other_hosts_may_not_read_what_somebody_has_sent(client):
    assert "Access-Control-Allow-Origin" not in Client().get(CALL).headers


def test_lists_ask_as_often_for_many_as_for_one(client, me, django_assert_num_queries):
    for number in range(20):
        create_submission(factories.voter(), model=f"m{number}") if number >= 10 else create_submission(
            me, model=f"m{number}"
        )
        if number in (0, 9):
            with django_assert_num_queries(1):
                assert len(client.get(CALL).json()["results"]) == number + 1
            with django_assert_num_queries(1):
                client.get(PAGE)


def test_deleting_everything_takes_them_back(me):
    waiting, decided = (
        create_submission(me),
        submissions.refuse_submission(create_submission(me, model="other").pk, "operator"),
    )
    deletion.delete_voter_data(me.pk)
    decided.refresh_from_db()
    assert decided.voter is None
    assert not Submission.objects.filter(pk=waiting.pk).exists()
    assert not Voter.objects.filter(pk=me.pk).exists()


def test_accepted_one_is_on_the_pages_with_its_badge(client, me):
    upload(client)
    submission = Submission.objects.get()
    first_response = client.get("/benchmarks/mmlu/")
    submissions.accept_submission(submission.pk, "operator", "Thanks <b>you</b>")
    assert first_response.status_code == 404
    for path in ("/benchmarks/mmlu/", "/models/model-7b/", "/models/"):
        slug = LanguageModel.objects.get().slug
        text = client.get(path.replace("model-7b", slug)).content.decode()
        assert "submitted; not verified by us" in text
    [ranking] = client.get("/api/v1/benchmarks/mmlu/").json()["rankings"]
    assert (ranking["conditions"]["measured_by"], ranking["rows"][0]["submitted"]) == ("community submission", True)
    state = client.get(f"/benchmarks/submissions/{submission.pk}/").content.decode()
    assert "Accepted" in state
    assert "Thanks &lt;b&gt;you&lt;/b&gt;" in state
