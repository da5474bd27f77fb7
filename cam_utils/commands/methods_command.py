"""python -m cam_utils explain --method: several methods side by side, with what each costs."""

import torch

from ..class_choice import wanted_classes
from ..errors import CamError, unknown
from ..explain import save_marked
from ..pictures import open_rgb
from ..provenance import pick_device
from ..sections.s6_after.figures import draw_maps
from ..sections.s6_after.methods import METHODS, costs
from ..views import whole
from .explain_command import Target, open_network, photos_of


def chosen_methods(text: str) -> dict:
    """Methods by name, case aside: "all", or "cam, layercam".

    Raises:
        CamError: an unknown name, with the near ones.
    """
    if text.strip().lower() == "all":
        return dict(METHODS)
    known = {name.lower(): name for name in METHODS}
    wanted = [part.strip().lower() for part in text.split(",")]
    for name in wanted:
        if name not in known:
            raise unknown("method", name, METHODS)
    return {known[name]: METHODS[known[name]] for name in wanted}


def run_methods(args) -> None:
    """Draw each photo with the maps of several methods, for one class; print their costs.

    Raises:
        CamError: what cannot be done as it was asked for, before any work.
    """
    methods = chosen_methods(args.method)
    if args.json or args.csv:
        raise CamError("--method draws pictures; leave --json and --csv out.")
    with photos_of(args.photo) as paths:
        target = Target(args, paths)
        network = open_network(args.network, args.weights, args.root).to(pick_device(args.device))
        wanted = wanted_classes(network, "1" if args.classes == "5" else args.classes)
        for number, path in enumerate(paths):
            photo = open_rgb(path, side=1024)
            view = whole(photo, network.input_spec).tensor[None]
            view = view.to(next(network.parameters()))
            with torch.no_grad():
                best = network(view).argmax(1)
            label = wanted[:1].to(best) if isinstance(wanted, torch.Tensor) else best
            if not number:
                for name, times in costs(network, view, label[:, None], methods).items():
                    print(f"{name:14s}{times:8.1f} x the forward pass")
            fig = draw_maps(network, [photo], methods, label)
            picture = target.picture(path)
            save_marked(fig, picture)
            print(f"wrote {picture}")
