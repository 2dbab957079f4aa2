"""Rows of the change log are only added: the database itself refuses to update or delete them."""

from django.db import migrations

CREATE_TRIGGER = """
CREATE FUNCTION config_change_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of changes is only added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER config_change_stays BEFORE UPDATE OR DELETE ON config_change
    FOR EACH ROW EXECUTE FUNCTION config_change_stays();
"""
DROP_TRIGGER = "DROP TRIGGER config_change_stays ON config_change; DROP FUNCTION config_change_stays();"


class Migration(migrations.Migration):
    dependencies = [("config", "0001_initial")]

    operations = [migrations.RunSQL(CREATE_TRIGGER, DROP_TRIGGER)]
