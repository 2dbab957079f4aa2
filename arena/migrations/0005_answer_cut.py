from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('arena', '0004_suggestions_and_standings'),
    ]

    operations = [
        migrations.AddField(
            model_name='answer',
            name='cut',
            field=models.BooleanField(db_default=False, default=False, help_text='ended at a limit of length'),
        ),
    ]
