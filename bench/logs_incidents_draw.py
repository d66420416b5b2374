"""When a seed's twenty incidents happen: nights drawn at random under a few rules, after a week of learning."""

from collections import Counter
from random import Random

from bench.logs_incidents_kinds import KINDS, Incident, Kind, Scene
from bench.logs_world import LEARNING, World

NIGHTS = 28
_MOST_A_NIGHT = 2


def draw(seed: int) -> tuple[World, tuple[Incident, ...]]:
    """Return a seed's world with its twenty incidents in it, and the incidents in order of their nights."""
    plain = World(seed, NIGHTS)
    scene = Scene(plain, Random(f"incidents {seed}"))
    found, effects = [], []
    for night, kind in sorted(_nights(scene), key=lambda pair: (pair[0], pair[1].key)):
        incident, caused = kind.build(scene, night)
        found.append(incident)
        effects += caused
    return World(seed, NIGHTS, effects=effects), tuple(sorted(found, key=lambda one: (one.first, one.kind)))


def _nights(scene: Scene) -> list[tuple[int, Kind]]:
    """Draw a first night for every kind; those that want a night alone, or a long one, choose first."""
    begun: Counter[int] = Counter()
    alone: set[int] = set()
    result = []
    order = list(KINDS)
    scene.rng.shuffle(order)
    order.sort(key=lambda kind: (not kind.alone, -kind.nights))
    for kind in order:
        possible = [
            night
            for night in range(LEARNING, NIGHTS - kind.nights + 1)
            if night not in alone
            and begun[night] < (1 if kind.alone else _MOST_A_NIGHT)
            and (not kind.working or _working(scene.world, night + kind.nights - 1))
        ]
        night = scene.rng.choice(possible)
        begun[night] += 1
        if kind.alone:
            alone.add(night)
        if kind.key == "log_silence":
            alone.add(night + 1)
        result.append((night, kind))
    return result


def _working(world: World, night: int) -> bool:
    return world.weekday(night) < 5 and night not in (world.holiday, world.busy)
