"""The four parts of notebook 06 on toy scenes and a few drawn pictures."""

import numpy as np
import pytest
from toy_scenes import ColourNetwork, ToyScenes

from cam_utils import CamError, load_network, open_images
from cam_utils.data import Subset
from cam_utils.data.record import Question
from cam_utils.errors import MissingData
from cam_utils.features import extract, fit_svm, svm_network
from cam_utils.mini.drawn_once import DrawnOnce, Twins
from cam_utils.sections.s42_patterns import answers, choose, concepts
from cam_utils.sections.s42_patterns import figures as fig_discoveries
from cam_utils.sections.s42_patterns import figures as fig_patterns
from cam_utils.sections.s42_patterns import text_detector as text
from cam_utils.sections.s42_patterns import text_detector as text_study
from cam_utils.sections.s42_patterns.answers import fit
from cam_utils.sections.s42_patterns.concepts import Mining


class ToldScenes(ToyScenes):
    """Toy scenes with captions, questions and the region of the concept "lamp"."""

    def captions(self, i):
        return (self.records[i].caption,)

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
    assert found.precision().value > 95 > found.fake_precision().value
    assert found.placed["energy"].mean() > 0.6 > found.fake_placed["energy"].mean()
    assert found.mining_gain().n == len(test)
    assert found.shown[found.ranked()[: found.shown.sum()]].mean() > 0.9
    panels = fig_discoveries.concept_panels(network, test, found, best=2, worst=1)
    assert [p.title for p in panels[:2]] == ["rank 1", "rank 2"]
    assert len(panels) == 3


def test_answers_beside_blind_ones(toys):
    network, (train, test), (learnt, held) = toys
    asked, rows = answers.asked(train, learnt)
    texts, truth = [q.text for q in asked], [q.answer for q in asked]
    assert answers.choose_cost(asked, rows, costs=(1e-6, 10.0)) == 10.0
    both, blind = (fit(texts, rows, truth, 10.0, parts) for parts in ("both", "question"))
    asked, rows = answers.asked(test, held)
    texts = [q.text for q in asked]
    given = {"both": both.answer(texts, rows), "question": blind.answer(texts, rows)}
    table = answers.accuracy_table(given, asked).set_index(["kind", "who"])["measured"]
    assert table["object", "both"] > 95
    assert table["all", "both"] > table["all", "question"]
    assert answers.difference(given["both"], given["question"], asked).low > 0
    assert answers.most_frequent(asked, 2) == [answers.most_frequent(asked, 1)[0]] * 2
    people = {q.id: [q.answer, "x"] for q in asked}
    counted = answers.accuracy_table({"both": given["both"]}, asked, people.get)
    assert counted["measured"].iloc[0] == pytest.approx(table["all", "both"] / 3, abs=0.1)
    chosen, right, tables = answers.evidence(network, both, test, asked, rows)
    assert len(chosen) == len(right) == len(test)
    means = {name: t["energy"].mean() for name, t in tables.items()}
    assert means[answers.OWN] > means[answers.OTHER_ANSWER] + 0.2
    assert means[answers.OWN] > means[answers.OTHER_PICTURE] + 0.2
    panels = fig_discoveries.answer_panels(network, both, test, held, count=6)
    assert len(panels) == 6
    fig_patterns.draw_rows({"a": panels[:3], "b": panels[3:]}, "map")


def test_the_text_detector_and_the_twins(tmp_path):
    network = load_network("mini/googlenet-gap")
    train, test = (
        DrawnOnce(open_images("mini/text", split), n, tmp_path, progress=False)
        for split, n in (("train", 40), ("test", 16))
    )
    found = text_study.study_text(network, train, test, cache=False, progress=False)
    assert len(found.rows) == len(found.placed) == len(found.twin_scores) == 8
    assert found.placed["energy_uniform"].between(0, 0.5).all()
    twins = Twins(test)
    assert twins.label(1) == 0
    assert twins[1].boxes.shape == (0, 4)
    assert twins.ids[1] == twins[1].id
    score = np.stack([found.scores[found.rows], found.twin_scores], 1)
    energy = np.stack([found.placed["energy"], found.twin_energy], 1)
    rates = text.drop_rates(score, energy)
    assert set(rates) == {f"{r.removesuffix('elsewhere')}" for r in rates}
    rows = fig_discoveries.text_panels(found.network, test, found.scores, found.energy(), count=2)
    assert [len(row) for row in rows.values()] == [4, 4]
    fig_patterns.draw_rows(rows, "map", shared=True)


def test_scenes_are_shown_with_their_lists(toys):
    from cam_utils.sections.s42_patterns import informative, tally

    network, (train, test), (learnt, held) = toys
    labels = np.array([train.label(i) for i in range(len(train))])
    svm = fit_svm(learnt, labels, train.classes)
    scenes, predicted = svm_network(network, svm), svm.predict(held)
    found = tally.tally(scenes, test, range(len(test)), predicted, progress=False)
    lists = informative.lists(found)
    panels = {
        s: fig_discoveries.scene_panels(scenes, test, predicted, k)
        for k, s in enumerate(test.classes)
    }
    noise = {s: informative.listing(found, s, source=tally.NOISE) for s in test.classes}
    figure = fig_patterns.figure9(panels, lists, noise)
    assert all(len(row) == 4 for row in panels.values())
    texts = {t.get_text() for ax in figure.findobj() if hasattr(ax, "get_yticklabels")
             for t in ax.get_yticklabels()}  # fmt: skip
    assert {"wall", "stove", "tub"} <= texts


def test_drawn_pictures_where_the_real_are_missing(tmp_path, capsys):
    with pytest.raises(CamError):
        open_images("ade20k", "train", tmp_path)
    train, test = choose.open_part("objects", "paper", tmp_path, limit=3)
    assert "drawn pictures instead" in capsys.readouterr().out
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


def test_the_scene_network_or_another(tmp_path, capsys):
    other = ColourNetwork()
    assert choose.scene_network("mini", None, other).name == "mini/scenes-alexnetplus-gap"
    assert choose.scene_network("paper", tmp_path, other) is other
    assert "toy/colours instead" in capsys.readouterr().out
