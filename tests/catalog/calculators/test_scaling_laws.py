"""Scaling laws, compared with the tables of the papers, and properties of all laws."""

import pytest
from hypothesis import given
from hypothesis.strategies import floats, sampled_from
from scipy.optimize import minimize_scalar

from catalog.calculators.scaling_laws import (
    EPOCH_LAW,
    HOFFMANN_LAW,
    ScalingLaw,
    TrainingRun,
    build_plan,
    derive_by_rule,
    derive_training,
)

# The constants of section D.3 with all digits from the LaTeX source of the paper, as given by arXiv:2404.10102.
UNROUNDED = ScalingLaw("unrounded", 1.6934, 406.4, 410.7, 0.3392, 0.2849)
CHINCHILLA, GOPHER, GPT_3 = TrainingRun(70e9, 1.4e12), TrainingRun(280e9, 300e9), TrainingRun(175e9, 300e9)
ANY_LAW = sampled_from([EPOCH_LAW, HOFFMANN_LAW, UNROUNDED])
compute = floats(1e15, 1e30)
size = floats(1e6, 1e14)


@pytest.mark.parametrize(
    ("params", "operations", "tokens"),
    [  # table 3 of arXiv:2203.15556
        (400e6, 1.92e19, 8.0e9),
        (67e9, 5.76e23, 1.5e12),
        (280e9, 9.90e24, 5.9e12),
        (10e12, 1.30e28, 216.2e12),
    ],
)
def test_compute_is_that_of_the_paper(params, operations, tokens):
    assert TrainingRun(params, tokens).compute == pytest.approx(operations, rel=0.05)
    assert derive_by_rule(operations).params == pytest.approx(params, rel=0.05)


def test_chinchilla_has_twenty_tokens_per_parameter():
    assert CHINCHILLA.compute == pytest.approx(5.88e23)
    assert CHINCHILLA.tokens_per_parameter == 20.0
    assert CHINCHILLA.overtraining == 1.0


@pytest.mark.parametrize(
    ("law", "params", "tokens", "ratio"),
    [(EPOCH_LAW, 72.3e9, 1.33e12, 18.4), (HOFFMANN_LAW, 32.2e9, 2.98e12, 92.7), (UNROUNDED, 40.3e9, 2.38e12, 59.1)],
)
def test_optimum_at_the_compute_of_chinchilla(law, params, tokens, ratio):
    best = law.find_optimum(5.76e23)
    assert best.params == pytest.approx(params, rel=0.002)
    assert best.tokens == pytest.approx(tokens, rel=0.003)
    assert best.tokens_per_parameter == pytest.approx(ratio, abs=0.1)


@pytest.mark.parametrize(
    ("law", "losses"),
    [(EPOCH_LAW, (1.9739, 1.9996, 2.0085)), (HOFFMANN_LAW, (1.9366, 1.9933, 2.0023))],
)
def test_losses_of_known_models(law, losses):
    found = [law.compute_loss(each.params, each.tokens) for each in (CHINCHILLA, GOPHER, GPT_3)]
    assert [round(loss, 4) for loss in found] == list(losses)


@pytest.mark.parametrize(
    ("given_values", "expected"),
    [
        ({"params": 70e9, "tokens": 1.4e12}, (70e9, 1.4e12)),
        ({"params": 70e9, "compute": 5.88e23}, (70e9, 1.4e12)),
        ({"tokens": 1.4e12, "compute": 5.88e23}, (70e9, 1.4e12)),
        ({"params": 70e9}, (70e9, 1.4e12)),
        ({"tokens": 1.4e12}, (70e9, 1.4e12)),
        ({"compute": 5.88e23}, (70e9, 1.4e12)),
    ],
)
def test_training_follows_from_what_is_given(given_values, expected):
    training = derive_training(**given_values)
    assert (training.params, training.tokens) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given_values", "words"),
    [({}, "Enter one or two of"), ({"params": 1e9, "tokens": 2e10, "compute": 1.2e20}, "leave one of the three empty")],
)
def test_training_needs_one_or_two_of_three(given_values, words):
    with pytest.raises(ValueError, match=words):
        derive_training(**given_values)


def test_plan_sets_a_training_beside_the_best_for_its_compute():
    llama = build_plan(derive_training(params=8.03e9, tokens=15e12))
    assert llama.actual.training.tokens_per_parameter == pytest.approx(1868, rel=1e-3)
    assert llama.rule.training.tokens_per_parameter == pytest.approx(20)
    assert llama.rule.training.compute == pytest.approx(llama.actual.training.compute)
    assert llama.optimum.training == EPOCH_LAW.find_optimum(llama.actual.training.compute)
    assert llama.optimum.loss < llama.actual.loss
    assert build_plan(CHINCHILLA, HOFFMANN_LAW).actual.loss == HOFFMANN_LAW.compute_loss(70e9, 1.4e12)


@given(ANY_LAW, compute)
def test_optimum_spends_the_compute_and_is_a_minimum(law, operations):
    best = law.find_optimum(operations)
    assert best.compute == pytest.approx(operations)
    for share in (0.9, 1.1):
        assert law.compute_loss(best.params * share, best.tokens / share) > law.compute_loss(best.params, best.tokens)


@given(ANY_LAW, floats(1e17, 1e28))
def test_optimum_is_that_of_a_numerical_search(law, operations):
    found = minimize_scalar(
        lambda power: law.compute_loss(10**power, operations / 6 / 10**power), bounds=(3, 20), method="bounded"
    )
    assert 10**found.x == pytest.approx(law.find_optimum(operations).params, rel=0.01)


@given(ANY_LAW, size, size)
def test_loss_falls_with_parameters_and_with_tokens(law, params, tokens):
    here = law.compute_loss(params, tokens)
    assert law.compute_loss(2 * params, tokens) < here
    assert law.compute_loss(params, 2 * tokens) < here
    assert here > law.floor
