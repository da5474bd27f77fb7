"""The four parts of notebook 06 on toy scenes and a few drawn pictures."""

from dataclasses import replace

import numpy as np
import pytest
from toy_scenes import ColourNetwork, ToyScenes

from cam_utils import CamError, load_network, open_images
from cam_utils.data import Subset
from cam_utils.data.record import Question
from cam_utils.errors import MissingData
from cam_utils.features import extract, fit_svm, svm_network
from cam_utils.features.scores import accuracy_difference
from cam_utils.keep import read_piece, write_piece
from cam_utils.metrics.intervals import Rate
from cam_utils.mini.drawn_once import DrawnOnce, Twins
from cam_utils.sections.s42_patterns import (
    answers,
    charts,
    choose,
    concepts,
    figures,
    tables,
    tally,
    text_detector,
    verdicts,
)
from cam_utils.sections.s42_patterns.concepts import Mining
from cam_utils.sections.s42_patterns.questions import kept_answerer, study_questions
from cam_utils.study import first_network


class Captioned(ToyScenes):
    """Toy scenes with captions."""

    def __init__(self, records):
        self.records, self.ids = records, [record.id for record in records]

    def captions(self, i):
        return (self.records[i].caption,)


class ToldScenes(Captioned):
    """Also with questions and the region of the concept "lamp"."""

    def __init__(self, n, seed):
        super().__init__(ToyScenes(n, seed).records)

    def concept_mask(self, i, concept):
        record = self.records[i]
        return record.masks[record.objects.index("lamp")] if "lamp" in record.objects else None

    def questions(self, i):
        names = self.records[i].objects
        there = "yes" if "lamp" in names else "no"
        return (
            Question(f"{i}/0", i, "What stands in the room?", names[1], "object", names[1]),
            Question(f"{i}/1", i, "Is there a lamp?", there, "yes/no", None),
        )


@pytest.fixture(scope="module")
def toys():
    network = ColourNetwork()
    sets = ToldScenes(60, seed=1), ToldScenes(40, seed=2)
    values = [extract(network, s, view="whole", cache=False, progress=False).values for s in sets]
    return network, sets, values


def test_a_concept_is_ranked_and_placed_on_held_out_pictures(toys):
    network, (train, test), (learnt, held) = toys
    captions = [train.captions(i) for i in range(len(train))]
    how = Mining(rounds=1, costs=(10.0,))
    found = concepts.study_concept(network, (learnt, captions), (held, test), "lamp", how)
    assert found.shown.sum() == len(found.placed) == sum("lamp" in r.objects for r in test.records)
    assert found.rates["AP %, mined"].value > 95 > found.rates["AP %, shuffled captions"].value
    assert found.placed["energy"].mean() > 0.6 > found.fake_placed["energy"].mean()
    assert found.rates["mining, points"].n == len(test)
    assert found.shown[found.order[: found.shown.sum()]].mean() > 0.9
    panels = figures.concept_panels(network, test, found, best=2, worst=1)
    assert [p.title for p in panels[:2]] == ["rank 1", "rank 2"]
    assert len(panels) == 3
    table, rates = tables.places10({"lamp": found})
    assert list(table["phrase"]) == ["lamp", "all phrases"]
    assert verdicts.concepts(rates, "toy/scenes test").holds
    told = tables.concepts10({"lamp": found}).loc[0]
    assert told["AP %, mined"] == str(found.rates["AP %, mined"])


def test_a_concept_on_photos_whose_regions_nobody_knows(toys):
    network, (train, test), (learnt, held) = toys
    photos = Captioned(test.records)
    captions = [train.captions(i) for i in range(len(train))]
    how = Mining(rounds=0, costs=(10.0,))
    found = concepts.study_concept(network, (learnt, captions), (held, photos), "lamp", how)
    assert found.shown.sum() == sum("lamp" in r.objects for r in test.records)
    assert found.placed.empty
    table, rates = tables.places10({"lamp": found})
    assert table.empty
    assert verdicts.concepts(rates, "coco_captions val").holds is None
    assert figures.concept_panels(network, photos, found)[0].mask is None


def test_answers_beside_blind_ones(toys):
    network, (train, test), (learnt, held) = toys
    asked, rows = answers.asked(train, learnt)
    texts, truth = [q.text for q in asked], [q.answer for q in asked]
    assert answers.choose_cost(asked, rows, costs=(1e-6, 10.0)) == 10.0
    both, blind = (
        answers.fit_answers(texts, rows, truth, 10.0, parts) for parts in ("both", "question")
    )
    asked, rows = answers.asked(test, held)
    texts = [q.text for q in asked]
    given = {"both": both.answer(texts, rows), "question": blind.answer(texts, rows)}
    table = answers.accuracy_table(given, asked).set_index(["kind", "who"])["measured"]
    assert table["object", "both"] > 95
    assert table["all", "both"] > table["all", "question"]
    assert accuracy_difference(given["both"], given["question"], [q.answer for q in asked]).low > 0
    people = {q.id: [q.answer, "x"] for q in asked}
    counted = answers.accuracy_table({"both": given["both"]}, asked, people.get)
    assert counted["measured"].iloc[0] == pytest.approx(table["all", "both"] / 3, abs=0.1)
    right, placed = answers.evidence(network, both, test, asked, rows)
    assert len(right) == len(test)
    means = {name: t["energy"].mean() for name, t in placed.items()}
    assert means[answers.OWN] > means[answers.OTHER_ANSWER] + 0.2
    assert means[answers.OWN] > means[answers.OTHER_PICTURE] + 0.2
    panels = figures.answer_panels(network, both, test, held, count=6)
    assert len(panels) == 6
    figure = figures.draw_answers(network, both, test, held)
    assert figure.told["n"] == len(asked)
    found, leads = tables.evidence12(placed, right)
    assert leads[answers.OTHER_ANSWER].low > 0
    assert found["all: energy on the evidence, %"].value == pytest.approx(100 * means[answers.OWN])
    # photos do not tell where the answer is
    blind = [replace(q, evidence=None) for q in asked]
    right, placed = answers.evidence(network, both, test, blind, rows)
    assert tables.evidence12(placed, right) == ({}, {})
    assert verdicts.answers({}, "vqa val")[0].holds is None


def test_the_text_detector_and_the_twins(tmp_path):
    network = load_network("mini/googlenet-gap")
    train, test = (
        DrawnOnce(open_images("mini/text", split), n, tmp_path, progress=False)
        for split, n in (("train", 40), ("test", 16))
    )
    found = text_detector.study_text(network, train, test, cache=False, progress=False)
    assert len(found.placed) == 8
    assert all(test.label(i) == text_detector.WITH_TEXT for i in found.placed.index)
    assert found.placed["energy_uniform"].between(0, 0.5).all()
    twins = Twins(test)
    assert twins.label(1) == 0
    assert twins[1].boxes.shape == (0, 4)
    assert twins.ids[1] == twins[1].id
    rates = found.rates
    assert rates["energy inside, %, map"].value == pytest.approx(
        100 * found.placed["energy"].mean()
    )
    assert rates[verdicts.WORDS_ERASED].n == 8
    assert not [name for name in rates if name.endswith("elsewhere")]
    assert {v.claim for v in verdicts.text(rates, "mini/text test")} == {
        "text-highlighted",
        "text-is-learnt",
    }
    rows = figures.text_panels(found, test, count=2)
    assert [len(row) for row in rows.values()] == [4, 4]
    assert figures.draw_text(found, test).told["name"] == "fig11_text"


def test_scenes_are_shown_with_their_lists(toys):
    network, (train, test), (learnt, held) = toys
    labels = np.array([train.label(i) for i in range(len(train))])
    svm = fit_svm(learnt, labels, train.classes)
    scenes, predicted = svm_network(network, svm), svm.predict(held)
    counted = tally.tally(scenes, test, predicted, progress=False)
    assert len(figures.scene_panels(scenes, test, predicted, "kitchen")) == 4
    figure = figures.draw_scenes(scenes, test, counted, tally.Rule())
    assert figure.told["name"] == "fig09_informative_objects"
    assert figure.get_suptitle() == f"linear SVMs on features of {network.name}"
    figure = figures.draw_scenes(scenes, test, counted, tally.Rule(), by="scenes")
    assert figure.told["name"] == "fig09_scene_network"
    assert figure.get_suptitle().endswith("trained on scenes")
    texts = {t.get_text() for ax in figure.findobj() if hasattr(ax, "get_yticklabels")
             for t in ax.get_yticklabels()}  # fmt: skip
    assert {"wall", "tub"} <= texts  # of the paper's two scenes these data have the bathroom
    table, agreement, lead = tables.controls9(counted, tally.Rule())
    assert set(agreement) == {*tally.SOURCES, "frequent"}
    assert set(lead) == set(tally.SOURCES[1:])
    assert len(table) == 5
    assert tables.rules9(counted).shape == (3, 3)


def test_leads_of_other_networks_stand_beside_those_of_drawings_alone(toys):
    _, (_, test), _ = toys
    drawn, own = choose.drawn("mini/scenes", "test", 2), Rate(1.0, 0.5, 1.5, 9)
    live = {choose.GENERIC: dict.fromkeys(tally.SOURCES[1:], own)}
    beside = tables.leads("9", live, drawn)
    assert list(beside) == [choose.GENERIC] + [
        f"{name} (stored)" for name in choose.COMPARED.values() if name != choose.GENERIC
    ]
    assert all(list(rates) == list(tally.SOURCES[1:]) for rates in beside.values())
    assert list(tables.leads("9", live, test)) == [choose.GENERIC]
    assert tables.leads("12", {"net": {}}, test) == {}
    figure = charts.draw_leads("9", beside, [load_network(choose.WEAK)], drawn, "what is told")
    (ax,) = figure.axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert dots[0].get_xdata().tolist() == [1.0] * 3
    assert [t.get_text() for t in ax.get_yticklabels()] == list(tally.SOURCES[1:])


def test_drawn_pictures_where_the_real_are_missing(tmp_path, capsys):
    with pytest.raises(CamError):
        open_images("ade20k", "train", tmp_path)
    train, test = choose.open_part("objects", "paper", tmp_path, limit=3)
    assert "drawn pictures (mini/scenes) instead" in capsys.readouterr().out
    assert train.name == "mini/scenes"
    assert len(train) == len(test) == 3
    assert choose.open_part("concepts", "mini", limit=3)[0] is train


def test_the_most_frequent_scenes():
    class Many(ToyScenes):
        classes = ("bathroom", "kitchen", "attic")

    data = Many(30)
    train, test = choose.common_scenes(data, Subset(data, range(6)), most=2, least=10)
    assert train.classes == ["bathroom", "kitchen"]
    assert len(train) == 30
    assert len(test) == 6
    assert test.label(1) == test[1].label == 1
    with pytest.raises(MissingData, match="0 scene categories"):
        choose.common_scenes(data, data, least=100)


def test_a_scene_network_or_none(tmp_path, capsys):
    assert choose.scene_network("mini").name == "mini/scenes-alexnetplus-gap"
    assert choose.scene_network("paper", tmp_path) is None
    told = capsys.readouterr().out
    assert "nothing stands in for it" in told
    assert str(tmp_path) not in told
    net = first_network(("caffe/googlenet", "imagenet/efficientnet-lite0"), tmp_path)
    assert net.name == "imagenet/efficientnet-lite0"
    assert "caffe/googlenet is not here" in capsys.readouterr().out


def test_answers_are_kept(toys, tmp_path):
    network, (train, test), _ = toys
    one = study_questions(network, train, test, cache=tmp_path, progress=False)
    assert set(one.costs) == set(answers.PARTS)
    kept = list(tmp_path.glob("answers-*.safetensors"))
    assert len(kept) == len(answers.PARTS)
    arrays, about = read_piece(kept[0])
    parts = about["identity"]["parts"]
    learnt = extract(network, train, view="whole", cache=tmp_path, progress=False)
    asked, rows = answers.asked(train, learnt.values)
    write_piece(kept[0], arrays, about["note"] | {"cost": 7.0}, about["identity"])
    assert kept_answerer(learnt, asked, rows, parts, tmp_path).cost == 7.0  # read
    again = study_questions(network, train, test, cache=tmp_path, progress=False)
    assert again.costs[parts] == 7.0
    assert (again.share == one.share).all()


def test_a_failure_on_drawings_decides_nothing():
    over, below = Rate(2.0, 1.0, 3.0, 9), Rate(-2.0, -3.0, -1.0, 9)
    unknown = Rate(0.5, -1.0, 2.0, 9)
    for leads, drawn, real in (
        ({"a": over}, True, True),
        ({"a": over, "b": unknown}, None, None),
        ({"a": over, "b": below}, None, False),
    ):
        assert verdicts.scenes({"net": leads}, "mini/scenes test").holds is drawn
        assert verdicts.scenes({"net": leads}, "ade20k val").holds is real
