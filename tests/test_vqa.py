"""The linear answer classifier: its parts, its maps and its baselines."""

import numpy as np
import pytest
import torch
from toy_scenes import ColourNetwork, ToyScenes

from cam_utils import CamError
from cam_utils.features import extract
from cam_utils.sections.s42_patterns import answers as vqa
from cam_utils.views import whole


@pytest.fixture(scope="module")
def asked():
    """(network, data, pooled features, questions, answers): what is there, and of which kind."""
    data, network = ToyScenes(60), ColourNetwork()
    values = extract(network, data, view="whole", cache=False, progress=False).values
    texts, answers, rows = [], [], []
    for i, record in enumerate(data.records):
        for text, answer in (
            ("What stands in the room?", record.objects[1]),
            ("Is there a lamp?", "yes" if "lamp" in record.objects else "no"),
        ):
            texts.append(text)
            answers.append(answer)
            rows.append(i)
    return network, data, values[rows], texts, answers


@pytest.fixture(scope="module")
def fitted(asked):
    _, _, values, texts, answers = asked
    return vqa.fit_answers(texts, values, answers, cost=100.0)


def accuracy(answerer, asked):
    _, _, values, texts, answers = asked
    return np.mean([a == b for a, b in zip(answerer.answer(texts, values), answers, strict=True)])


def test_both_parts_are_needed(asked, fitted):
    _, _, values, texts, answers = asked
    question, image = (
        vqa.fit_answers(texts, values, answers, 100.0, p) for p in ("question", "image")
    )
    assert accuracy(fitted, asked) > 0.95
    assert accuracy(question, asked) < 0.75
    assert accuracy(image, asked) < 0.75
    assert not question.image_weights.any()
    assert not image.word_weights.any()
    assert len(set(question.answer([texts[0]] * 5, values[:5]))) == 1


def test_the_score_is_map_plus_words_plus_bias(asked, fitted):
    network, data, values, texts, _ = asked
    answers = vqa.answer_network(network, fitted, texts[1])
    view = whole(data[0].image, network.input_spec).tensor[None]
    with torch.inference_mode():
        logits, features = answers.logits_and_features(view)
    maps = torch.einsum("ak,kyx->ayx", answers.class_weights, features[0])
    parts = maps.mean((1, 2)).numpy() + fitted.word_part([texts[1]])[0] + fitted.bias
    scores = fitted.scores([texts[1]], values[1:2])[0]
    assert np.abs(parts - scores).max() < 1e-4
    assert np.abs(logits[0].numpy() - scores).max() < 1e-4


def test_share_of_the_image(asked, fitted):
    _, _, values, texts, answers = asked
    share = vqa.image_share(fitted, texts, values)
    assert np.isfinite(share).all()
    assert np.median(share) > 0.3
    question = vqa.fit_answers(texts, values, answers, parts="question")
    assert np.abs(vqa.image_share(question, texts, values)).max() == 0
    assert not vqa.hangs_on_image(question, texts, values).any()
    assert vqa.hangs_on_image(fitted, texts, values).mean() > 0.2
    # the mean picture carries nothing
    assert np.abs(vqa.image_share(fitted, texts[:1], fitted.mean[None])).max() < 1e-9


def test_answers_are_the_most_frequent_ones():
    given = ["b", "a", "a", "c", "b", "d"]
    assert vqa.top_answers(given, 3) == ["a", "b", "c"]
    rng = np.random.default_rng(0)
    found = vqa.fit_answers(["q"] * 6, rng.random((6, 3)), given, most=2)
    assert found.answers == ["a", "b"]
    assert found.scores(["q", "unknown words"], np.ones((2, 3))).shape == (2, 2)
    with pytest.raises(CamError, match="two or more"):
        vqa.fit_answers(["q"] * 2, rng.random((2, 3)), ["a", "a"])
    with pytest.raises(CamError, match="no part of a question 'words'"):
        vqa.fit_answers(["q"] * 2, rng.random((2, 3)), ["a", "b"], parts="words")


def test_accuracy_of_the_benchmark():
    given = ["red"] * 2 + ["dark red"] * 8
    assert vqa.vqa_accuracy("red", given) == pytest.approx(2 / 3)
    assert vqa.vqa_accuracy("dark red", given) == 1
    assert vqa.vqa_accuracy("blue", given) == 0
