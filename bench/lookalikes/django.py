"""Alive because Django finds it: each section is one look-alike, listed in index.jsonl."""

# ruff: noqa: ARG001, ARG002, E402, ERA001, F401, RUF012
# mypy: ignore-errors

# lookalike: dj-receiver
from django.db.models.signals import post_delete
from django.dispatch import receiver

from .models import Shelf


@receiver(post_delete, sender=Shelf)
def forget_cover(sender, instance, using, **kwargs):
    instance.cover.delete(save=False)


# lookalike: dj-app-ready
from django.apps import AppConfig


class LendingConfig(AppConfig):
    name = "dj_app_ready"
    verbose_name = "Lending desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import listeners


# lookalike: dj-admin
from django.contrib import admin

from .models import Reader


@admin.register(Reader)
class ReaderAdmin(admin.ModelAdmin):
    search_fields = ("surname",)
    filter_horizontal = ("groups",)
    list_per_page = 40

    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        kwargs["required"] = False
        return super().formfield_for_manytomany(db_field, request, **kwargs)


# lookalike: dj-admin-column
from django.contrib import admin


class LoanAdmin(admin.ModelAdmin):
    list_display = ["id", "overdue_days"]

    def overdue_days(self, loan):
        return (loan.returned_on - loan.due_on).days

    overdue_days.short_description = "Overdue"
    overdue_days.admin_order_field = "due_on"


admin.site.register("desk.Loan", LoanAdmin)

# lookalike: dj-model-meta
from django.db import models


class Branch(models.Model):
    street = models.CharField(max_length=80)
    opened = models.DateField(null=True)

    class Meta:
        ordering = ["street"]
        verbose_name_plural = "branches"
        default_permissions = ("view",)


# lookalike: dj-command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Send a letter to everybody whose loan is late."
    requires_migrations_checks = True

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=14)

    def handle(self, *args, **options):
        self.stdout.write(f"{options['days']} days")


# lookalike: dj-template-filter
from django import template

register = template.Library()


@register.filter()
def shelfmark(value):
    return str(value).zfill(6)


@register.simple_tag(takes_context=True)
def reading_room(context):
    return context["request"].path


# lookalike: dj-migration
from django.db import migrations


def fill_in_branches(apps, schema_editor):
    apps.get_model("desk", "Branch").objects.get_or_create(street="Market 1")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("desk", "0001_initial")]
    operations = [migrations.RunPython(fill_in_branches, migrations.RunPython.noop)]


# lookalike: dj-settings
from pathlib import Path

BASE_DIR = Path(__file__).parent
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
CSRF_COOKIE_PATH = "/desk/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
STATIC_ROOT = BASE_DIR / "static"


# lookalike: dj-middleware
class LateNoticeMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        request.late_notice = str(exception)

    def process_template_response(self, request, response):
        response.context_data["desk"] = "north"
        return response


# lookalike: dj-urls
from django.urls import path

from . import views

app_name = "desk"
urlpatterns = [path("loans/<int:pk>/", views.loan_detail, name="loan-detail")]

# lookalike: dj-error-views
from django.urls import include, path

handler404 = "desk.views.errors.lost"
handler500 = "desk.views.errors.broken"
urlpatterns = [path("", include("desk.urls"))]

# lookalike: dj-clean-field
from django import forms


class RenewalForm(forms.Form):
    barcode = forms.CharField(max_length=13)
    weeks = forms.IntegerField(min_value=1)

    def clean_barcode(self):
        return self.cleaned_data["barcode"].strip()

    def clean_weeks(self):
        return min(self.cleaned_data["weeks"], 6)


# lookalike: dj-absolute-url
from django.db import models
from django.urls import reverse


class Volume(models.Model):
    def get_absolute_url(self):
        return reverse("desk:volume", args=[self.pk])

    @property
    def spine_label(self):
        return f"{self.pk:06}"


# lookalike: dj-signal-import
from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dj_signal_import"

    def ready(self):
        from . import signals
        from .checks import refuse_empty_desk


# lookalike: dj-middleware-setting
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "dj_middleware_setting.tracing.TraceMiddleware",
]
AUTHENTICATION_BACKENDS = ["dj_middleware_setting.tracing.CardBackend"]
