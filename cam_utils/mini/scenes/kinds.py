"""The kinds of objects in scenes: who draws them, how tall they are, where they belong."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..objects import animals, buildings, things, vehicles
from . import furniture, park, roads, tableware, wall, works
from . import passers_by as people


@dataclass(frozen=True)
class Kind:
    """One kind of object.

    Attributes:
        draw: adds it to a sketch.
        height: of the object in pixels of a 112 x 112 picture, when it is near.
        where: "floor", "ground" (outdoors), "road", "water", "far" (at the horizon), "sky",
            "wall", "ceiling" or "top" (stands on another object).
        palette: "any", "named" (one named colour, which can be asked for), "plant" or "ware".
        top: for what carries other things: height of its surface as a share from its top.
        most: there are 1 to `most` of them.
    """

    draw: Callable
    height: float
    where: str
    palette: str = "any"
    top: float | None = None
    most: int = 1


KINDS = {
    # rooms
    "chair": Kind(furniture.chair, 36, "floor", "named", top=0.52, most=4),
    "table": Kind(furniture.table, 33, "floor", "named", top=0.14),
    "desk": Kind(furniture.desk, 30, "floor", top=0.13, most=3),
    "bed": Kind(furniture.bed, 40, "floor", "named", top=0.42),
    "wardrobe": Kind(furniture.wardrobe, 58, "floor"),
    "toilet": Kind(furniture.toilet, 32, "floor", "ware"),
    "bathtub": Kind(furniture.bathtub, 29, "floor", "ware"),
    "sink": Kind(furniture.sink, 31, "floor", "ware", top=0.06),
    "countertop": Kind(furniture.countertop, 35, "floor", top=0.05),
    "stove": Kind(furniture.stove, 36, "floor", "ware", top=0.05),
    "fridge": Kind(furniture.fridge, 60, "floor", "named"),
    "lamp": Kind(furniture.lamp, 50, "floor"),
    "door": Kind(furniture.door, 58, "wall"),
    "rug": Kind(tableware.rug, 10, "floor", "named"),
    "curtain": Kind(wall.curtain, 48, "wall", "named"),
    "window": Kind(wall.window, 36, "wall"),
    "picture": Kind(wall.picture, 20, "wall", most=3),
    "clock": Kind(wall.clock, 13, "wall"),
    "mirror": Kind(wall.mirror, 26, "wall"),
    "towel": Kind(wall.towel, 20, "wall", "named", most=2),
    "blackboard": Kind(wall.blackboard, 32, "wall"),
    "map": Kind(wall.map, 24, "wall"),
    "shelf": Kind(wall.shelf, 16, "wall", most=2),
    "cabinet": Kind(wall.cabinet, 18, "wall", "named"),
    "chandelier": Kind(wall.chandelier, 28, "ceiling"),
    "plate": Kind(tableware.plate, 7, "top", most=4),
    "cup": Kind(things.cup, 10, "top", most=3),
    "teapot": Kind(things.teapot, 12, "top"),
    "vase": Kind(tableware.vase, 15, "top", "named"),
    "book": Kind(tableware.book, 3.4, "top"),
    "cake": Kind(tableware.cake, 12, "top"),
    "pot": Kind(tableware.pot, 11, "top", most=2),
    "globe": Kind(tableware.globe, 16, "top"),
    "faucet": Kind(wall.faucet, 9, "top", "ware"),
    "pillow": Kind(tableware.pillow, 9, "top", "named", most=2),
    # people and animals
    "person": Kind(people.person, 44, "floor", most=2),
    "cat": Kind(animals.cat, 18, "floor", "named"),
    "dog": Kind(people.dog, 21, "floor"),
    "cow": Kind(people.cow, 26, "ground", most=4),
    "duck": Kind(people.duck, 11, "water", most=4),
    "bird": Kind(animals.bird, 13, "sky", most=3),
    # outdoors
    "tree": Kind(park.tree, 54, "ground", "plant", most=4),
    "palm": Kind(things.palm, 54, "ground", "plant"),
    "bush": Kind(park.bush, 17, "ground", "plant", most=3),
    "flowers": Kind(tableware.flower_bed, 18, "ground"),
    "bench": Kind(park.bench, 19, "ground", top=0.5),
    "fountain": Kind(park.fountain, 34, "ground"),
    "swing": Kind(park.swing, 36, "ground"),
    "slide": Kind(park.slide, 34, "ground"),
    "kite": Kind(park.kite, 20, "sky", "named"),
    "street lamp": Kind(roads.street_lamp, 58, "ground", most=2),
    "traffic light": Kind(roads.traffic_light, 42, "ground"),
    "sign": Kind(roads.sign, 34, "ground", most=2),
    "fence": Kind(roads.fence, 17, "ground", most=2),
    "building": Kind(roads.building, 62, "far", most=4),
    "house": Kind(buildings.house, 46, "far", most=2),
    "church": Kind(buildings.church, 50, "far"),
    "car": Kind(vehicles.car, 24, "road", "named", most=3),
    "bus": Kind(vehicles.bus, 36, "road", "named"),
    "truck": Kind(vehicles.truck, 33, "road", "named"),
    "bicycle": Kind(vehicles.bicycle, 26, "ground", "named"),
    "boat": Kind(works.any_boat, 34, "water", "named", most=3),
    "buoy": Kind(works.buoy, 15, "water"),
    "crane": Kind(works.crane, 58, "far", "named", most=2),
    "container": Kind(works.container, 17, "ground", most=2),
    "lighthouse": Kind(buildings.lighthouse, 54, "far"),
    "barn": Kind(works.barn, 42, "far", "named"),
    "tractor": Kind(works.tractor, 32, "ground", "named"),
    "hay": Kind(works.hay, 17, "ground"),
    "windmill": Kind(buildings.windmill, 56, "far"),
    "wheelbarrow": Kind(vehicles.wheelbarrow, 19, "ground", "named"),
    "aeroplane": Kind(vehicles.aeroplane, 28, "ground", "named", most=2),
    "control tower": Kind(works.control_tower, 58, "far"),
    "hangar": Kind(works.hangar, 34, "far"),
    "windsock": Kind(works.windsock, 36, "ground", "named"),
    "stairs": Kind(works.stairs, 30, "ground"),
    # parts of other things, and surfaces
    "flowers in vase": Kind(tableware.flowers, 15, "top"),
    "view": Kind(wall.view, 34, "wall"),
    "blind": Kind(wall.blind, 34, "wall"),
}

PERSONS = {doing: partial(people.person, doing=doing) for doing in people.ACTIVITIES}
