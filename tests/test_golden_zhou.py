"""The authors' released activations, class weights and scores (GoogLeNet-CAM, two photos)."""

import numpy as np
import pytest
import torch
from scipy.io import loadmat

from cam_utils import class_activation_maps

TOP5 = ["cup", "espresso", "eggnog", "espresso maker", "soup bowl"]


@pytest.fixture(scope="module")
def released(shared):
    folder = shared / "golden" / "zhou"
    net = loadmat(folder / "data_net.mat")
    names = [str(c[0][0]).split(" ", 1)[1].split(",")[0] for c in net["categories"]]
    weights = torch.from_numpy(net["weights_LR"]).T  # (1000, 1024)
    photos = []
    for i in (1, 2):
        photo = loadmat(folder / f"data_img{i}.mat")
        features = torch.from_numpy(photo["activation_lastconv"]).permute(3, 2, 0, 1)
        scores = torch.from_numpy(photo["scores"].reshape(1000, 10).T.copy())
        photos.append((features, scores))
    return weights, names, photos


def test_photo_1_pooled_activations_times_weights_give_the_released_scores(released):
    weights, _, [(features, scores), _] = released
    softmax = (features.mean((2, 3)) @ weights.T).softmax(1)
    assert (softmax - scores).abs().amax(1).max() < 1e-3  # each of the ten crops


def test_photo_1_what_is_missing_is_exactly_a_bias(released):
    """The files hold no bias. The difference of log scores is one constant for each class, the
    same in all ten crops: a bias of standard deviation 0.005 restores the scores."""
    weights, _, [(features, scores), _] = released
    logits = (features.double().mean((2, 3)) @ weights.double().T).log_softmax(1)
    difference = scores.double().log() - logits
    difference = difference - difference.mean(1, keepdim=True)
    bias = difference.mean(0)
    assert 0.004 < bias.std() < 0.006
    assert (difference - bias).abs().max() < 2e-5
    restored = (logits + bias).softmax(1)
    assert (restored - scores).abs().max() < 2e-6


def test_photo_1_mean_over_crops_gives_the_demo_s_top_5(released):
    weights, names, [(features, scores), _] = released
    softmax = (features.mean((2, 3)) @ weights.T).softmax(1).mean(0)
    assert [names[i] for i in softmax.topk(5).indices] == TOP5
    assert [names[i] for i in scores.mean(0).topk(5).indices] == TOP5


@pytest.mark.parametrize("photo", [0, 1])
def test_means_of_the_maps_are_the_logits(released, photo):
    weights, _, photos = released
    features = photos[photo][0]
    maps = class_activation_maps(features, weights)
    assert maps.shape == (10, 1000, 14, 14)
    torch.testing.assert_close(
        maps.mean((2, 3)), features.mean((2, 3)) @ weights.T, rtol=1e-4, atol=1e-4
    )


def test_photo_2_scores_come_from_other_class_weights(released):
    """Photo 2's scores differ from its activations times the weights by up to 0.3. Neither the
    order of the crops nor another image size explains it; other class weights do (another
    training snapshot): were they W + D with D unrelated to the features, the residuals D f of
    two crops would be as similar as the features f of the two crops, and they are."""
    weights, _, [_, (features, scores)] = released
    pooled = features.double().mean((2, 3))
    logits = pooled @ weights.double().T
    softmax = logits.softmax(1)
    assert 0.25 < (softmax - scores).abs().max() < 0.35

    log_scores = scores.double().log()
    order = torch.corrcoef(torch.cat([log_scores, logits]))[:10, 10:].argmax(1)
    assert order.tolist() == list(range(10))  # every crop resembles itself most

    residual = log_scores - logits
    residual = residual - residual.mean(1, keepdim=True)
    pairs = np.triu_indices(10, 1)
    similar = np.corrcoef(cosines(residual)[pairs], cosines(pooled)[pairs])[0, 1]
    assert similar > 0.99

    # a change of the image would move the logits in the directions in which images differ
    centred = logits - logits.mean(1, keepdim=True)
    _, _, directions = torch.linalg.svd(weights.double().T, full_matrices=False)
    share = leading_share(residual, directions, 50), leading_share(centred, directions, 50)
    assert share[0] < 0.15 < 0.5 < share[1]


def cosines(rows):
    rows = rows / rows.norm(dim=1, keepdim=True)
    return (rows @ rows.T).numpy()


def leading_share(rows, directions, n):
    """Share of the rows' energy in the first n of the class weights' principal directions."""
    energy = (rows @ directions.T) ** 2
    return float(energy[:, :n].sum() / energy.sum())
