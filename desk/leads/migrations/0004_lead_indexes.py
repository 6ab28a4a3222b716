import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0003_leads_in_order'),
        ('register', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='lead',
            name='holder',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='register.organisation'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['organisation', 'state', '-priority', 'id'], name='lead_queue'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['organisation', '-priority', 'id'], name='lead_list'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['organisation', 'mark', '-priority', 'id', 'state'], name='lead_of_mark'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['organisation', 'platform', '-priority', 'id', 'state'], name='lead_of_platform'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['holder', 'state', '-priority', 'id'], name='lead_holder_queue'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['holder', '-priority', 'id'], name='lead_holder_list'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(fields=['holder', 'mark', '-priority', 'id', 'state'], name='lead_holder_mark'),
        ),
    ]
