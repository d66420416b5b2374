"""Alive because Flask, FastAPI, Sanic or aiohttp calls it: one look-alike a section."""

# ruff: noqa: ARG001, B008, E402, ERA001
# mypy: ignore-errors

# lookalike: flask-route
from flask import Blueprint

routes = Blueprint("desk", __name__)


@routes.route("/queue/<int:number>", methods=["GET"])
def show_queue(number):
    return {"queue": number}


# lookalike: flask-error
from flask import Flask

app = Flask(__name__)


@app.errorhandler(404)
def nothing_on_that_shelf(error):
    return str(error), 404


# lookalike: flask-before-request
def init_app(app):
    @app.before_request
    def note_the_reader():
        app.logger.info("a reader came in")

    @app.teardown_appcontext
    def close_the_drawer(exception):
        app.extensions["drawer"].close()


# lookalike: flask-cli
from flask.cli import AppGroup

manager = AppGroup(help="Look after the reading room.")


@manager.command()
def sweep_reading_room():
    """Close forgotten sessions."""
    print("swept")


# lookalike: flask-template-hooks
def configure(app):
    @app.context_processor
    def opening_hours():
        return {"opens": 9, "closes": 18}

    @app.template_filter("roman")
    def as_roman(value):
        return "I" * int(value)


# lookalike: fastapi-route
from fastapi import APIRouter, Depends

router = APIRouter()


async def open_ledger():
    yield {}


@router.get("/readers/{reader_id}")
async def read_reader(reader_id: int, ledger=Depends(open_ledger)):
    return {"id": reader_id}


# lookalike: fastapi-router-dependency
from fastapi import APIRouter, Depends, Header, HTTPException


async def demand_card(x_card: str = Header()):
    if not x_card:
        raise HTTPException(status_code=400)


router = APIRouter(prefix="/holds", dependencies=[Depends(demand_card)])

# lookalike: fastapi-lifespan
from contextlib import asynccontextmanager

from fastapi import FastAPI

catalogue = {}


@asynccontextmanager
async def lifespan(app: FastAPI):
    catalogue["main"] = object()
    yield
    catalogue.clear()


app = FastAPI(lifespan=lifespan)

# lookalike: fastapi-exception
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


@app.exception_handler(LookupError)
async def say_it_is_lost(request: Request, exc: LookupError):
    return JSONResponse(status_code=410, content={"detail": "lost"})


# lookalike: fastapi-middleware
from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def stamp_the_reply(request, call_next):
    reply = await call_next(request)
    reply.headers["x-desk"] = "north"
    return reply


# lookalike: fastapi-startup
from fastapi import FastAPI

app = FastAPI()


@app.on_event("startup")
def unlock_the_doors():
    app.state.open = True


# lookalike: sanic-middleware
from sanic import Sanic

app = Sanic("desk")


@app.middleware("request")
async def count_a_visit(request):
    request.ctx.visits = 1
