"""A vote that is cast stays as it is: the database itself refuses to change what it says, or to delete it.

What voters may take back or change is let through: reasons and comment, the pseudonym for another one, the hash of the
question and the battle for none. COPY and INSERT fire nothing.
"""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION arena_vote_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free CONSTANT text[] := ARRAY['reasons', 'comment', 'voter', 'prompt_hash', 'battle_id'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'vote % stays: votes are never deleted', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free
        OR (OLD.voter IS NULL) <> (NEW.voter IS NULL)
        OR NEW.prompt_hash NOT IN (OLD.prompt_hash, '')
        OR (NEW.battle_id IS NOT NULL AND NEW.battle_id IS DISTINCT FROM OLD.battle_id)
    THEN
        RAISE EXCEPTION 'vote % stays as it was cast', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER arena_vote_stays BEFORE UPDATE OR DELETE ON arena_vote
    FOR EACH ROW EXECUTE FUNCTION arena_vote_stays();
"""
BACKWARDS = "DROP TRIGGER arena_vote_stays ON arena_vote; DROP FUNCTION arena_vote_stays();"


class Migration(migrations.Migration):

    dependencies = [
        ('arena', '0008_reasons_of_models'),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
