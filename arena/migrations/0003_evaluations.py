"""Pools of evaluations, which can be deleted whole, and the scope `evaluate` of API keys."""

from django.conf import settings
from django.db import migrations, models

# A transaction that deletes a whole pool sets arena.deleted_pool to its key. All other votes stay as they were cast.
DELETE_POOL_VOTES = """
CREATE OR REPLACE FUNCTION arena_vote_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free CONSTANT text[] := ARRAY['reasons', 'comment', 'voter', 'prompt_hash', 'network', 'battle_id', 'item', 'published'];
BEGIN
    IF TG_OP = 'DELETE' AND OLD.pool_id::text = current_setting('arena.deleted_pool', true) THEN
        RETURN OLD;
    ELSIF TG_OP = 'DELETE' THEN
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
"""
KEEP_POOL_VOTES = """
CREATE OR REPLACE FUNCTION arena_vote_stays() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):

    dependencies = [
        ('arena', '0002_vote_trigger_and_hash_key'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(DELETE_POOL_VOTES, KEEP_POOL_VOTES),
        migrations.RemoveConstraint(
            model_name='pool',
            name='pool_kind',
        ),
        migrations.AlterField(
            model_name='apikey',
            name='scopes',
            field=models.JSONField(help_text='A list with any of read, battle, vote, and evaluate.'),
        ),
        migrations.AlterField(
            model_name='pool',
            name='kind',
            field=models.CharField(choices=[('live', 'Live'), ('api', 'Api'), ('ready', 'Ready'), ('import', 'Import'), ('reference', 'Reference'), ('evaluation', 'Evaluation')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='pool',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['live', 'api', 'ready', 'import', 'reference', 'evaluation'])), name='pool_kind'),
        ),
    ]
