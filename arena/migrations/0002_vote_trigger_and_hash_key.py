"""The triggers that keep votes as they were cast, plain contestants named like their models, slots in step with limits,
and questions as they were answered, the key of all keyed hashes, and the first key of a pool that is not built in."""

import secrets

from django.db import migrations

# A vote stays as it was cast: the database itself refuses to delete it or to change what it says, whatever code runs.
#
# Voters may still change their reasons and their comment, and take back what links a vote to them. So the trigger lets
# these updates through: one pseudonym becomes another, the hashes of the prompt and the network become empty, and the
# battle and the item become null. `published` records that the battle of a vote was public at some time, which cannot be undone: it may become
# true, but not false again.
#
# INSERT and COPY do not fire the trigger, so an import of votes is as fast as without it.
CREATE_VOTE_TRIGGER = """
CREATE FUNCTION arena_vote_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free CONSTANT text[] := ARRAY['reasons', 'comment', 'voter', 'prompt_hash', 'network', 'battle_id', 'item', 'published'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'vote % stays: votes are never deleted', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free
        OR (OLD.voter IS NULL) <> (NEW.voter IS NULL)
        OR NEW.prompt_hash NOT IN (OLD.prompt_hash, '')
        OR NEW.network NOT IN (OLD.network, '')
        OR (NEW.battle_id IS NOT NULL AND NEW.battle_id IS DISTINCT FROM OLD.battle_id)
        OR (NEW.item IS NOT NULL AND NEW.item IS DISTINCT FROM OLD.item)
        OR (OLD.published AND NOT NEW.published)
    THEN
        RAISE EXCEPTION 'vote % stays as it was cast', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER arena_vote_stays BEFORE UPDATE OR DELETE ON arena_vote
    FOR EACH ROW EXECUTE FUNCTION arena_vote_stays();
"""
DROP_VOTE_TRIGGER = "DROP TRIGGER arena_vote_stays ON arena_vote; DROP FUNCTION arena_vote_stays();"

# A plain contestant has the name and the slug of its model. Models are renamed row by row and in bulk, so the database
# itself passes the change on. A slug that another contestant has stays with that one.
CREATE_NAME_TRIGGER = """
CREATE FUNCTION arena_contestant_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE arena_contestant AS plain
    SET name = NEW.name, slug = CASE
        WHEN EXISTS (SELECT FROM arena_contestant AS other WHERE other.slug = NEW.slug AND other.id <> plain.id AND other.pool_id IS NULL)
        THEN plain.slug ELSE NEW.slug END
    WHERE plain.model_id = NEW.id AND plain.plain;
    RETURN NULL;
END $$;
CREATE TRIGGER arena_contestant_follows AFTER UPDATE OF slug, name ON catalog_languagemodel
    FOR EACH ROW WHEN (OLD.slug <> NEW.slug OR OLD.name <> NEW.name) EXECUTE FUNCTION arena_contestant_follows();
"""
DROP_NAME_TRIGGER = "DROP TRIGGER arena_contestant_follows ON catalog_languagemodel; DROP FUNCTION arena_contestant_follows();"

# An endpoint has slots 1 to max_concurrency, whatever code changes the limit. A slot above a limit that has become lower
# goes at once if it is free, and else when its call ends.
CREATE_SLOT_TRIGGER = """
CREATE FUNCTION arena_slots_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM arena_slot
        WHERE endpoint_id = NEW.id AND number > coalesce(NEW.max_concurrency, 0) AND until <= statement_timestamp();
    INSERT INTO arena_slot (endpoint_id, number)
        SELECT NEW.id, generate_series(1, least(coalesce(NEW.max_concurrency, 0), 10000)) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER arena_slots_follow AFTER INSERT OR UPDATE OF max_concurrency ON arena_endpoint
    FOR EACH ROW EXECUTE FUNCTION arena_slots_follow();
"""
DROP_SLOT_TRIGGER = "DROP TRIGGER arena_slots_follow ON arena_endpoint; DROP FUNCTION arena_slots_follow();"
# A question stays as it was when an answer to it was requested. It can be deleted, together with its answers.
CREATE_QUESTION_TRIGGER = """
CREATE FUNCTION arena_question_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM arena_answer WHERE question_id = OLD.id) THEN
        RAISE EXCEPTION 'question % stays: it has been answered', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER arena_question_stays BEFORE UPDATE ON arena_question
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION arena_question_stays();
"""
DROP_QUESTION_TRIGGER = "DROP TRIGGER arena_question_stays ON arena_question; DROP FUNCTION arena_question_stays();"

# The built-in pools have the keys 1 to 3, and they are created with them, which does not advance the sequence.
START_POOL_KEYS = "ALTER TABLE arena_pool ALTER COLUMN id SET START WITH 4 RESTART"


def create_hash_key(apps, schema_editor):
    """Create the key of all keyed hashes.

    It is created here and nowhere else: if a request created it, the key could be rolled back with the request.
    """
    apps.get_model("arena", "HashKey").objects.create(key=secrets.token_bytes(32))


class Migration(migrations.Migration):
    dependencies = [("arena", "0001_initial")]

    operations = [
        migrations.RunSQL(CREATE_VOTE_TRIGGER, DROP_VOTE_TRIGGER),
        migrations.RunSQL(CREATE_SLOT_TRIGGER, DROP_SLOT_TRIGGER),
        migrations.RunSQL(CREATE_QUESTION_TRIGGER, DROP_QUESTION_TRIGGER),
        migrations.RunSQL(CREATE_NAME_TRIGGER, DROP_NAME_TRIGGER),
        migrations.RunSQL(START_POOL_KEYS, migrations.RunSQL.noop),
        # A squashed migration must keep this step: nothing can be hashed without the key.
        migrations.RunPython(create_hash_key, migrations.RunPython.noop, elidable=False),
    ]
