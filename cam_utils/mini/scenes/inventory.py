"""What each type of scene may hold, and how often: the tables behind the drawn scenes.

A number is the chance that the kind is tried; what finds no place (a plate without a table, a boat
without water), or is hidden, is not there. Kinds that are in most scenes tell little about any;
kinds with a high chance in one scene alone are informative, as in figure 9 of the paper.
"""

ROOMS = {
    "dining room": {
        "floor": 0.96, "ceiling": 0.7, "window": 0.7, "table": 0.95, "chair": 0.94,
        "chandelier": 0.75, "plate": 0.8, "vase": 0.66, "flowers": 0.75, "cup": 0.45,
        "teapot": 0.3, "cake": 0.25, "picture": 0.5, "curtain": 0.3, "rug": 0.3, "person": 0.3,
        "cat": 0.4, "cabinet": 0.15, "clock": 0.2, "lamp": 0.15, "door": 0.15, "shelf": 0.1,
        "mirror": 0.1, "dog": 0.1, "book": 0.1,
    },
    "bathroom": {
        "floor": 0.88, "ceiling": 0.35, "window": 0.35, "sink": 0.82, "faucet": 0.9,
        "toilet": 0.66, "bathtub": 0.7, "mirror": 0.7, "towel": 0.68, "rug": 0.3, "door": 0.2,
        "person": 0.22, "cat": 0.3, "picture": 0.15, "shelf": 0.2, "cabinet": 0.25,
        "chair": 0.15, "countertop": 0.15, "vase": 0.1, "flowers": 0.6, "clock": 0.1, "lamp": 0.08,
    },
    "bedroom": {
        "floor": 0.92, "ceiling": 0.45, "window": 0.7, "bed": 0.95, "pillow": 0.85, "lamp": 0.55,
        "wardrobe": 0.5, "curtain": 0.5, "picture": 0.5, "rug": 0.4, "mirror": 0.2, "book": 0.3,
        "clock": 0.25, "chair": 0.35, "table": 0.2, "cat": 0.45, "person": 0.25, "shelf": 0.3,
        "door": 0.2, "dog": 0.15, "vase": 0.2, "flowers": 0.6, "chandelier": 0.08, "cup": 0.1,
    },
    "classroom": {
        "floor": 0.94, "ceiling": 0.5, "window": 0.6, "blackboard": 0.85, "desk": 0.93,
        "chair": 0.75, "map": 0.5, "globe": 0.5, "book": 0.55, "clock": 0.5, "person": 0.65,
        "door": 0.3, "picture": 0.15, "shelf": 0.35, "table": 0.2, "cup": 0.12, "curtain": 0.12,
        "vase": 0.12, "flowers": 0.6, "cat": 0.25, "dog": 0.06,
    },
    "kitchen": {
        "floor": 0.93, "ceiling": 0.4, "window": 0.55, "countertop": 0.85, "stove": 0.75,
        "fridge": 0.7, "cabinet": 0.7, "pot": 0.75, "faucet": 0.55, "table": 0.35, "chair": 0.4,
        "plate": 0.35, "cup": 0.4, "teapot": 0.3, "clock": 0.3, "person": 0.3, "sink": 0.12,
        "towel": 0.2, "cat": 0.35, "vase": 0.15, "flowers": 0.6, "shelf": 0.25, "picture": 0.1,
        "cake": 0.12, "dog": 0.12, "curtain": 0.1,
    },
}  # fmt: skip

OUTDOORS = {
    "harbour": {
        "boat": 0.92, "crane": 0.62, "lighthouse": 0.4, "buoy": 0.4, "container": 0.45,
        "person": 0.4, "bird": 0.45, "street lamp": 0.25, "house": 0.25, "building": 0.25,
        "truck": 0.15, "car": 0.1, "bicycle": 0.1, "bench": 0.2, "tree": 0.2, "palm": 0.25,
        "church": 0.1, "cat": 0.15, "dog": 0.1, "sign": 0.1, "duck": 0.1,
    },
    "street": {
        "building": 0.88, "car": 0.85, "bus": 0.4, "truck": 0.2, "traffic light": 0.5,
        "street lamp": 0.55, "sign": 0.5, "tree": 0.4, "person": 0.6, "bicycle": 0.35,
        "house": 0.3, "church": 0.15, "bench": 0.2, "dog": 0.2, "cat": 0.2, "bird": 0.15,
        "bush": 0.15, "flowers": 0.1, "boat": 0.06, "palm": 0.1, "fence": 0.1, "table": 0.12,
        "chair": 0.15,
    },
    "park": {
        "tree": 0.92, "bench": 0.7, "fountain": 0.35, "swing": 0.42, "slide": 0.36,
        "flowers": 0.55, "bush": 0.5, "person": 0.65, "kite": 0.35, "dog": 0.35, "duck": 0.6,
        "bird": 0.35, "street lamp": 0.3, "bicycle": 0.3, "cat": 0.25, "boat": 0.15,
        "building": 0.15, "house": 0.1, "fence": 0.2, "palm": 0.1, "car": 0.06, "table": 0.12,
        "chair": 0.12,
    },
    "farm": {
        "barn": 0.7, "tractor": 0.6, "cow": 0.68, "fence": 0.55, "hay": 0.5, "house": 0.35,
        "windmill": 0.35, "tree": 0.55, "person": 0.35, "wheelbarrow": 0.35, "dog": 0.25,
        "bird": 0.25, "church": 0.1, "duck": 0.3, "truck": 0.15, "car": 0.1, "cat": 0.2,
        "bush": 0.2, "flowers": 0.2, "boat": 0.06,
    },
    "airport": {
        "aeroplane": 0.94, "control tower": 0.62, "hangar": 0.5, "windsock": 0.42, "stairs": 0.42,
        "bus": 0.35, "truck": 0.3, "car": 0.2, "person": 0.35, "building": 0.25, "fence": 0.3,
        "sign": 0.25, "street lamp": 0.2, "bird": 0.15, "tree": 0.2, "container": 0.2,
        "bush": 0.1, "cat": 0.08, "dog": 0.08, "boat": 0.04,
    },
}  # fmt: skip

# scene -> ((shape of the ground, {surface: share}, chance), ...), laid on top of each other
GROUND = {
    "harbour": (
        ("base", {"water": 0.95, "pavement": 0.05}, 1.0),
        ("far", {"grass": 0.5, "sand": 0.5}, 0.4),
        ("near", {"pavement": 0.4, "sand": 0.25, "grass": 0.2, "road": 0.15}, 0.85),
    ),
    "street": (
        ("base", {"pavement": 0.65, "grass": 0.2, "sand": 0.15}, 1.0),
        ("road", {"road": 1.0}, 0.93),
        ("near", {"water": 0.5, "grass": 0.5}, 0.16),
    ),
    "park": (
        ("base", {"grass": 0.93, "sand": 0.07}, 1.0),
        ("path", {"pavement": 0.4, "sand": 0.45, "road": 0.15}, 0.55),
        ("pond", {"water": 1.0}, 0.42),
    ),
    "farm": (
        ("base", {"grass": 0.62, "field": 0.38}, 1.0),
        ("far", {"field": 0.6, "grass": 0.4}, 0.55),
        ("path", {"sand": 0.6, "road": 0.4}, 0.4),
        ("pond", {"water": 1.0}, 0.18),
    ),
    "airport": (
        ("base", {"grass": 0.55, "pavement": 0.35, "sand": 0.1}, 1.0),
        ("far", {"water": 0.5, "field": 0.5}, 0.25),
        ("road", {"road": 1.0}, 0.92),
    ),
}

SKY = {"harbour": 0.95, "street": 0.85, "park": 0.85, "farm": 0.93, "airport": 0.95}

SCENES = tuple(ROOMS) + tuple(OUTDOORS)

STRANGER = 0.25  # chance of one thing that belongs to other scenes

# what stands on what; for kinds of `where` "top", and animals that like to sit on things
CARRIERS = {
    "plate": ("table", "countertop"),
    "cup": ("table", "countertop", "desk"),
    "teapot": ("table", "countertop", "stove"),
    "vase": ("table", "countertop", "desk", "wardrobe", "sink"),
    "cake": ("table", "countertop"),
    "book": ("desk", "table", "bed", "chair"),
    "globe": ("desk", "table", "wardrobe"),
    "pot": ("stove", "countertop"),
    "faucet": ("sink", "countertop"),
    "pillow": ("bed", "chair"),
    "cat": ("chair", "bed", "table", "bench", "rug", "countertop", "desk"),
}


def chances(scene: str) -> dict[str, float]:
    """{name of an object or surface: chance that it is tried} of a scene.

    For surfaces it is the chance that one is laid, seen or not.
    """
    if scene in ROOMS:
        return {"wall": 1.0} | ROOMS[scene]
    found = {"sky": SKY[scene]}
    for _, kinds, chance in GROUND[scene]:
        for name, share in kinds.items():
            found[name] = 1 - (1 - found.get(name, 0)) * (1 - chance * share)
    return found | OUTDOORS[scene]
