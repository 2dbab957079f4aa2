import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.math
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('arena', '0003_evaluations'),
    ]

    operations = [
        migrations.CreateModel(
            name='Evaluation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('answering', 'Answering'), ('open', 'Open'), ('closed', 'Closed')], default='draft', max_length=10)),
                ('per_rater', models.PositiveIntegerField(blank=True, help_text='Questions per rater. Empty: all.', null=True)),
                ('overlap', models.FloatField(default=0.2, help_text='Share of the items that a second rater gets, too.')),
                ('margin', models.FloatField(default=70.0, help_text='The difference that matters, in Elo points.')),
                ('instructions', models.TextField(blank=True, help_text='For raters.')),
                ('budget_tokens', models.PositiveBigIntegerField(blank=True, null=True)),
                ('budget_usd', models.FloatField(blank=True, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('opened_at', models.DateTimeField(blank=True, help_text='Since when items are handed out.', null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('looked_at', models.DateTimeField(blank=True, help_text='When the results were first opened, which can be before the close.', null=True)),
                ('pool', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='evaluation', to='arena.pool')),
                ('question_set', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='arena.questionset')),
            ],
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('source', models.CharField(blank=True, max_length=200)),
                ('contestant', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='entry', to='arena.contestant')),
                ('control_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='controls', to='evaluations.entry')),
                ('evaluation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='evaluations.evaluation')),
            ],
            options={
                'verbose_name_plural': 'entries',
                'ordering': ('position',),
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), primary_key=True, serialize=False)),
                ('overlap', models.BooleanField(db_default=False)),
                ('handed', models.PositiveIntegerField(db_default=0)),
                ('draw', models.FloatField(db_default=django.db.models.functions.math.Random())),
                ('answer_a', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='arena.answer')),
                ('answer_b', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='arena.answer')),
                ('contestant_a', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='arena.contestant')),
                ('contestant_b', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='arena.contestant')),
                ('evaluation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='evaluations.evaluation')),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='arena.question')),
            ],
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('voter', models.UUIDField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('evaluation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='evaluations.evaluation')),
            ],
        ),
        migrations.CreateModel(
            name='Rater',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField(help_text='Names the rater in files, as rater-1.')),
                ('label', models.CharField(blank=True, help_text='Seen by the owner and viewers only.', max_length=100)),
                ('digest', models.CharField(help_text='SHA-256 hash of the token in the link.', max_length=64, unique=True)),
                ('had_seen_results', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('withdrawn_at', models.DateTimeField(blank=True, help_text='Since when the link is dead.', null=True)),
                ('evaluation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='raters', to='evaluations.evaluation')),
            ],
            options={
                'ordering': ('number',),
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('flipped', models.BooleanField()),
                ('skips', models.PositiveSmallIntegerField(default=0)),
                ('handed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('until', models.DateTimeField()),
                ('verdict', models.CharField(blank=True, choices=[('a', 'A'), ('b', 'B'), ('tie', 'Tie'), ('both_bad', 'Both Bad'), ('skip', 'Skip')], max_length=8)),
                ('reasons', models.JSONField(default=dict)),
                ('comment', models.TextField(blank=True)),
                ('judged_at', models.DateTimeField(null=True)),
                ('vote', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assignment', to='arena.vote')),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='evaluations.item')),
                ('rater', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='evaluations.rater')),
            ],
        ),
        migrations.AddConstraint(
            model_name='evaluation',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'answering', 'open', 'closed'])), name='evaluation_state'),
        ),
        migrations.AddConstraint(
            model_name='evaluation',
            constraint=models.CheckConstraint(condition=models.Q(('overlap__gte', 0), ('overlap__lte', 1)), name='evaluation_overlap'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('contestant_a__lt', models.F('contestant_b'))), name='item_order'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(fields=('evaluation', 'question', 'contestant_a', 'contestant_b'), name='item_unique'),
        ),
        migrations.AddConstraint(
            model_name='look',
            constraint=models.UniqueConstraint(fields=('evaluation', 'voter'), name='look_once'),
        ),
        migrations.AddConstraint(
            model_name='rater',
            constraint=models.UniqueConstraint(fields=('evaluation', 'number'), name='rater_number'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(fields=('item', 'rater'), name='assignment_once'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('verdict__in', ('', 'a', 'b', 'tie', 'both_bad', 'skip'))), name='assignment_verdict'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('verdict', ''), ('judged_at__isnull', False), _connector='XOR'), name='assignment_judged'),
        ),
    ]
