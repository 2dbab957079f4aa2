"""The log of operators' changes is append-only: the database itself refuses to update or delete its rows."""

import django.core.serializers.json
import django.db.models.functions.datetime
from django.db import migrations, models

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

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('who', models.CharField(help_text='Name of the account.', max_length=150)),
                ('kind', models.CharField(help_text='Added, changed, deleted, or another action.', max_length=20)),
                ('what', models.CharField(help_text='Type of the row.', max_length=100)),
                ('key', models.CharField(max_length=100)),
                ('name', models.CharField(max_length=300)),
                ('before', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='The changed fields before the change.', null=True)),
                ('after', models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='The changed fields after the change.', null=True)),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'ordering': ('-pk',),
            },
        ),
        migrations.RunSQL(CREATE_TRIGGER, DROP_TRIGGER),
    ]
