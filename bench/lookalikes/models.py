"""Alive because an ORM, a validator or the language reads the class: one look-alike a section."""

# ruff: noqa: ARG001, ARG002, E402, ERA001, N805, RUF012
# mypy: ignore-errors

# lookalike: sqla-table-args
from sqlalchemy import Column, Integer, String, UniqueConstraint
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Shelf(Base):
    __tablename__ = "shelves"
    __table_args__ = (UniqueConstraint("room", "row"),)
    id = Column(Integer, primary_key=True)
    room = Column(String)
    row = Column(Integer)


# lookalike: sqla-mapper-args
from desk.database import db


class Dossier(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    edition = db.Column(db.Integer, nullable=False)
    __mapper_args__ = {"version_id_col": edition}


# lookalike: sqla-listens-for
from sqlalchemy.event import listens_for

from .models import Copy


@listens_for(Copy, "before_update")
def note_who_moved_it(mapper, connection, target):
    target.moves += 1


# lookalike: sqla-type
from sqlalchemy.types import String, TypeDecorator


class Shelfmark(TypeDecorator):
    impl = String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value and value.upper()

    def process_result_value(self, value, dialect):
        return value and value.lower()


# lookalike: sqla-hybrid
from sqlalchemy.ext.hybrid import hybrid_property

from .database import Base, fines


class Reader(Base):
    __tablename__ = "readers"

    @hybrid_property
    def owes(self):
        return sum(self.fines)

    @owes.expression
    def owes(cls):
        return fines.c.cents


# lookalike: sqla-relationship
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import relationship

from .database import Base


class Spine(Base):
    __tablename__ = "spines"
    id = Column(Integer, primary_key=True)
    shelf_id = Column(ForeignKey("shelves.id", ondelete="CASCADE"))
    shelf = relationship("Shelf", back_populates="spines")


# lookalike: sqla-validates
from sqlalchemy.orm import validates

from .database import Base, Integer, column


class Fine(Base):
    __tablename__ = "fines"
    cents = column(Integer)

    @validates("cents")
    def never_negative(self, key, value):
        return max(0, value)


# lookalike: alembic-revision
"""note who reads what"""

from alembic import op

revision = "4f1d0c7be2aa"
down_revision = "93a1f6c0de17"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_column("readers", "nickname")


def downgrade():
    op.execute("select 1")


# lookalike: pydantic-field-validator
from pydantic import BaseModel, field_validator


class RunOrder(BaseModel):
    runner: str
    dry: bool = False

    @field_validator("runner")
    @classmethod
    def no_empty_runner(cls, value):
        return value or "walker"


# lookalike: pydantic-model-validator
from pydantic import BaseModel, model_validator


class Opening(BaseModel):
    since: int
    until: int

    @model_validator(mode="after")
    def ends_after_it_begins(self):
        assert self.since < self.until
        return self


# lookalike: pydantic-config
from pydantic import BaseModel, ConfigDict, field_serializer


class Scan(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    kind: str

    @field_serializer("kind")
    def kind_in_small_letters(self, value):
        return value.lower()


# lookalike: traitlets-default
from traitlets import Unicode, default, observe
from traitlets.config import Configurable


class Lamp(Configurable):
    colour = Unicode(config=True)

    @default("colour")
    def _colour_of_the_house(self):
        return "green"

    @observe("colour")
    def _repaint(self, change):
        print(change["new"])


# lookalike: dataclass-post-init
from dataclasses import dataclass, field


@dataclass
class Crate:
    label: str
    weight_grams: int = 0
    seals: list = field(default_factory=list)

    def __post_init__(self):
        self.label = self.label.strip()


def read_crates(rows):
    return [Crate(**row) for row in rows]


# lookalike: attrs-validator
import attr


@attr.s
class Ticket:
    seat = attr.ib(type=int)
    colour = attr.ib()

    @seat.validator
    def _seat_is_in_the_house(self, attribute, value):
        if value > 300:
            raise ValueError(attribute.name)

    @colour.default
    def _colour_by_seat(self):
        return "red" if self.seat < 50 else "blue"


# lookalike: namedtuple-fields
from typing import NamedTuple


class Stamp(NamedTuple):
    taken_at: float
    byte_size: int
    checksum: str


def same(path, stamp):
    return tuple(stamp) == Stamp(*path.read_text().split())


# lookalike: typeddict-keys
from typing import TypedDict


class CompilerReport(TypedDict, total=False):
    linker_id: str
    build_flags: list[str]
    stray_outputs: list[str]


def report(target) -> CompilerReport:
    return {"linker_id": target.linker}


# lookalike: enum-members
from enum import Enum


class Colour(Enum):
    RED_LABEL = "red"
    GREEN_LABEL = "green"
    NO_LABEL = ""


def colour_of(text):
    return Colour(text)


# lookalike: enum-missing
import enum


class Shape(enum.Enum):
    ROUND = "round"
    FLAT = "flat"

    @classmethod
    def _missing_(cls, value):
        return cls.FLAT if value else cls.ROUND


print(Shape(input()))

# lookalike: protocol-members
from typing import Protocol


class Resolves(Protocol):
    async def look_up(self, host: str, family: int) -> list[str]: ...

    @property
    def is_patient(self) -> bool: ...


async def ask(resolver: Resolves, host: str):
    return resolver, host


# lookalike: abc-implementation
from .base import BaseStorage


class FeatherStorage(BaseStorage):
    _extension = "feather"

    def store_rows(self, pair, rows):
        rows.to_feather(pair)

    @classmethod
    def available_pairs(cls, folder):
        return sorted(folder.glob("*.feather"))


# lookalike: overload-stubs
import typing as t


@t.overload
def label(value: int) -> int: ...


@t.overload
def label(value: str) -> str: ...


def label(value):
    return value


print(label(3))
