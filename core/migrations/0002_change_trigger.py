"""The change log is append-only: the database itself refuses to update or delete its rows."""

from django.db import migrations

CREATE_TRIGGER = """
CREATE FUNCTION core_auditentry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of changes is only added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER core_auditentry_stays BEFORE UPDATE OR DELETE ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION core_auditentry_stays();
"""
DROP_TRIGGER = "DROP TRIGGER core_auditentry_stays ON core_auditentry; DROP FUNCTION core_auditentry_stays();"


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunSQL(CREATE_TRIGGER, DROP_TRIGGER)]
