"""Alive because Click, Typer or Celery calls it: one look-alike a section."""

# ruff: noqa: ARG001, ARG002, E402, ERA001
# mypy: ignore-errors

# lookalike: click-command
import click


@click.group()
def desk():
    """The lending desk."""


@desk.command("renew", help="Renew every loan of a reader.")
@click.argument("reader")
def renew_all_loans(reader):
    click.echo(reader)


# lookalike: click-callback
import click


def demand_barcode(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if len(value) != 13:
        raise click.BadParameter("13 digits")
    return value


@click.command()
@click.option("--barcode", callback=demand_barcode)
def main(barcode):
    click.echo(barcode)


if __name__ == "__main__":
    main()

# lookalike: click-multi-command
import importlib

import click


class FromFolder(click.Group):
    def list_commands(self, ctx):
        return ["borrow", "give_back"]

    def get_command(self, ctx, cmd_name):
        return importlib.import_module(f"desk.commands.{cmd_name}").command


cli = FromFolder(name="desk")
if __name__ == "__main__":
    cli()

# lookalike: typer-command
import typer

app = typer.Typer()


@app.command()
def lend(reader: str, days: int = 14):
    typer.echo(f"{reader}: {days}")


@app.command()
def take_back(barcode: str):
    typer.echo(barcode)


if __name__ == "__main__":
    app()

# lookalike: typer-callback
import typer

app = typer.Typer()
state = {"loud": False}


@app.callback()
def before_any_command(loud: bool = False):
    state["loud"] = loud


if __name__ == "__main__":
    app()

# lookalike: celery-shared-task
from celery import shared_task


@shared_task
def remind_late_readers(days):
    return days * 2


@shared_task(bind=True, name="desk.count_the_shelves")
def count_the_shelves(self):
    return self.request.id


# lookalike: celery-signal
from celery.signals import worker_process_init


@worker_process_init.connect
def open_one_connection_each(sender=None, **kwargs):
    print("connected")


# lookalike: celery-task-base
from celery import Celery, Task

app = Celery("desk")


class Careful(Task):
    abstract = True
    acks_late = True

    def on_failure(self, exc, task_id, args, kwargs, einfo):
        print(task_id, exc)

    def after_return(self, status, retval, task_id, args, kwargs, einfo):
        print(status)


@app.task(base=Careful)
def shelve(barcode):
    return barcode


# lookalike: celery-beat-entry
from celery import Celery

app = Celery("desk")
app.conf.beat_schedule = {
    "every-morning": {"task": "celery_beat_entry.tasks.air_the_rooms", "schedule": 86400.0}
}
