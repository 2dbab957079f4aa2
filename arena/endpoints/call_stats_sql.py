"""The SQL statements of `arena.endpoints.call_stats`.

Parameters of `RECORD_CALLS_SQL`: one list for each field of `call_stats.CallRecord`.

Parameters of `ROLL_UP_SQL`:
    day: the date (UTC)
    begin, end: the first instant of the day and of the next day
    max_per_voter, max_per_network: how many failures of a voter or network count toward public failure rates; null for
        no limit

Parameters of `UPDATE_ALARMS_SQL`:
    min_battles, min_voters: an endpoint with fewer battles or fewer voters has no alarm
"""

from arena.models import LIVE_POOL, Answer, Battle

RECORD_CALLS_SQL = """
    INSERT INTO arena_endpointcall (endpoint_id, battle, answer, failure, status, detail, first_token_s, tokens_per_s)
    SELECT * FROM unnest(%(endpoint_id)s::bigint[], %(battle)s::uuid[], %(answer)s::bigint[], %(failure)s::text[],
        %(status)s::smallint[], %(detail)s::text[], %(first_token_s)s::float[], %(tokens_per_s)s::float[])"""
COUNT_BY_REASON_SQL = "'{0}', nullif(count(*) FILTER (WHERE failure = '{0}'), 0)"
FAILURE_COUNTS_SQL = ", ".join(map(COUNT_BY_REASON_SQL.format, Answer.Failure.values))
ENDPOINT_FAILURES_SQL = ", ".join(f"'{failure.value}'" for failure in sorted(Answer.CAUSED_BY_ENDPOINT))
# Public failure rates use only these battles, because a voter who names the models can make one of them fail.
PUBLIC_BATTLE_SQL = f"battle.mode = '{Battle.Mode.ANONYMOUS.value}' AND battle.pool = '{LIVE_POOL}'"
ROLL_UP_SQL = f"""
    -- the day's calls; the voter and network are null unless the battle is public
    WITH calls AS (
        SELECT call.*, battle.voter_id AS voter, nullif(battle.network, '') AS network FROM arena_endpointcall call
        LEFT JOIN arena_battle battle ON battle.id = call.battle AND {PUBLIC_BATTLE_SQL}
        WHERE call.created_at >= %(begin)s AND call.created_at < %(end)s
    ),
    -- at most max_per_voter failures of a voter count for each endpoint
    by_voter AS (
        SELECT endpoint_id, voter, min(network) AS network, count(*) FILTER (WHERE failure = '') AS answers,
            least(count(*) FILTER (WHERE failure IN ({ENDPOINT_FAILURES_SQL})), %(max_per_voter)s) AS failures
        FROM calls WHERE voter IS NOT NULL GROUP BY endpoint_id, voter
    ),
    -- at most max_per_network failures of a network count for each endpoint; voters without a stored network count
    -- separately
    by_network AS (
        SELECT endpoint_id, sum(answers) AS answers, least(sum(failures), %(max_per_network)s) AS failures
        FROM by_voter GROUP BY endpoint_id, coalesce(network, voter::text)
    ),
    -- the answers and failures for the public failure rate
    public AS (
        SELECT endpoint_id, sum(answers) AS answers, sum(failures) AS failures FROM by_network GROUP BY endpoint_id
    ),
    -- all calls of the day, including those of side-by-side battles and named sets
    day_totals AS (
        SELECT endpoint_id, count(*) FILTER (WHERE failure = '') AS answers,
            jsonb_strip_nulls(jsonb_build_object({FAILURE_COUNTS_SQL})) AS failures,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY first_token_s) FILTER (WHERE failure = '')
                AS first_token,
            percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY tokens_per_s) FILTER (WHERE failure = '')
                AS speed
        FROM calls GROUP BY endpoint_id
    )
    INSERT INTO arena_endpointday (endpoint_id, day, answers, failures, public_answers, public_failures,
        first_token_p50, first_token_p95, tokens_per_s_p50, tokens_per_s_p95)
    SELECT day_totals.endpoint_id, %(day)s, day_totals.answers, day_totals.failures, coalesce(public.answers, 0),
        coalesce(public.failures, 0), first_token[1], first_token[2], speed[1], speed[2]
    FROM day_totals LEFT JOIN public ON public.endpoint_id = day_totals.endpoint_id
    ON CONFLICT (endpoint_id, day) DO UPDATE SET answers = excluded.answers, failures = excluded.failures,
        public_answers = excluded.public_answers, public_failures = excluded.public_failures,
        first_token_p50 = excluded.first_token_p50, first_token_p95 = excluded.first_token_p95,
        tokens_per_s_p50 = excluded.tokens_per_s_p50, tokens_per_s_p95 = excluded.tokens_per_s_p95
"""  # noqa: S608  # only constants are interpolated
UPDATE_ALARMS_SQL = f"""
    -- the public battles of the last 24 hours for each endpoint, and whether all of its calls in the battle failed
    WITH battles AS (
        SELECT call.endpoint_id, battle.voter_id, bool_and(call.failure <> '') AS failed FROM arena_endpointcall call
        JOIN arena_battle battle ON battle.id = call.battle AND {PUBLIC_BATTLE_SQL}
        WHERE call.created_at > now() - interval '1 day' AND call.failure <> '{Answer.Failure.STOPPED.value}'
        GROUP BY call.endpoint_id, battle.id
    ),
    -- the endpoints with an alarm
    failing AS (
        SELECT endpoint_id FROM battles GROUP BY endpoint_id
        HAVING count(*) >= %(min_battles)s AND count(DISTINCT voter_id) >= %(min_voters)s
            AND 2 * count(*) FILTER (WHERE failed) > count(*)
    ),
    -- all endpoints, and whether each has an alarm
    alarm_states AS (
        SELECT endpoint.id, failing.endpoint_id IS NOT NULL AS fails
        FROM arena_endpoint endpoint LEFT JOIN failing ON failing.endpoint_id = endpoint.id
    )
    UPDATE arena_endpoint SET fails_in_battles = fails FROM alarm_states
    WHERE arena_endpoint.id = alarm_states.id AND fails_in_battles <> fails
"""  # noqa: S608  # only constants are interpolated
