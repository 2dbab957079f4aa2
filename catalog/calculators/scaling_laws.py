"""Chinchilla scaling laws: the best model size and amount of data for a compute budget.

Training a model with N parameters on D tokens takes C = 6·N·D operations. For a mixture of experts, N is the number of
active parameters.

This module does not use Django.
"""

import math
from dataclasses import dataclass

OPERATIONS_PER_PARAMETER_TOKEN = 6
TOKENS_PER_PARAMETER = 20


@dataclass(frozen=True)
class ScalingLaw:
    """A fitted law for the loss in nats per token: E + A/N^a + B/D^b, with N parameters and D tokens."""

    slug: str
    floor: float  # E
    params_factor: float  # A
    tokens_factor: float  # B
    alpha: float  # a
    beta: float  # b

    def compute_loss(self, params: float, tokens: float) -> float:
        """Return the loss after training a model with this number of parameters on this number of tokens."""
        params_loss = self.params_factor / math.pow(params, self.alpha)
        tokens_loss = self.tokens_factor / math.pow(tokens, self.beta)
        return self.floor + params_loss + tokens_loss

    def find_optimum(self, compute: float) -> "TrainingRun":
        """Return the training run with the lowest loss for this number of operations.

        N = G·(C/6)^(b/(a+b)) with G = (aA/(bB))^(1/(a+b)), and D = C/(6N).
        """
        exponents = self.alpha + self.beta
        scale = math.pow(self.alpha * self.params_factor / (self.beta * self.tokens_factor), 1 / exponents)
        params = scale * math.pow(compute / OPERATIONS_PER_PARAMETER_TOKEN, self.beta / exponents)
        return TrainingRun(params, compute / OPERATIONS_PER_PARAMETER_TOKEN / params)


# Besiroglu et al. 2024, https://arxiv.org/abs/2404.10102: a refit of the third method in Hoffmann et al. 2022.
EPOCH_LAW = ScalingLaw("epoch", 1.8172, 482.01, 2085.43, 0.3478, 0.3658)
# Hoffmann et al. 2022, https://arxiv.org/abs/2203.15556, section D.3. The printed constants are rounded and contradict
# the other two methods in the paper: with Chinchilla's compute budget, they imply 93 tokens per parameter.
HOFFMANN_LAW = ScalingLaw("hoffmann", 1.69, 406.4, 410.7, 0.34, 0.28)
LAWS = {law.slug: law for law in (EPOCH_LAW, HOFFMANN_LAW)}


@dataclass(frozen=True)
class TrainingRun:
    """A training run. `compute` is in floating-point operations."""

    params: float
    tokens: float

    @property
    def compute(self) -> float:
        return OPERATIONS_PER_PARAMETER_TOKEN * self.params * self.tokens

    @property
    def tokens_per_parameter(self) -> float:
        return self.tokens / self.params

    @property
    def overtraining(self) -> float:
        """Tokens per parameter, divided by `TOKENS_PER_PARAMETER`.

        If this is above 1, the model costs more to train than necessary, but less to run.
        """
        return self.tokens_per_parameter / TOKENS_PER_PARAMETER


def derive_by_rule(compute: float) -> TrainingRun:
    """Return the training run with `TOKENS_PER_PARAMETER` tokens per parameter for this number of operations."""
    params = math.sqrt(compute / (OPERATIONS_PER_PARAMETER_TOKEN * TOKENS_PER_PARAMETER))
    return TrainingRun(params, TOKENS_PER_PARAMETER * params)


def derive_training(
    params: float | None = None, tokens: float | None = None, compute: float | None = None
) -> TrainingRun:
    """Derive a training run from two of the three values, or from one value and `TOKENS_PER_PARAMETER`.

    Raises ValueError with a message for the form if no value or all three values are given.
    """
    if compute is not None:
        if params is not None and tokens is not None:
            raise ValueError("Compute follows from parameters and tokens, so leave one of the three empty.")
        product = compute / OPERATIONS_PER_PARAMETER_TOKEN
        if params is not None:
            return TrainingRun(params, product / params)
        return derive_by_rule(compute) if tokens is None else TrainingRun(product / tokens, tokens)
    if params is not None:
        return TrainingRun(params, TOKENS_PER_PARAMETER * params if tokens is None else tokens)
    if tokens is not None:
        return TrainingRun(tokens / TOKENS_PER_PARAMETER, tokens)
    raise ValueError("Enter one or two of parameters, tokens, and compute.")


@dataclass(frozen=True)
class PredictedTraining:
    """A training run, and its predicted loss in nats per token."""

    training: TrainingRun
    loss: float


@dataclass(frozen=True)
class TrainingPlan:
    """A training run, and two alternatives with the same compute.

    rule: the run with `TOKENS_PER_PARAMETER` tokens per parameter.
    optimum: the run with the lowest loss according to the scaling law.
    """

    law: ScalingLaw
    actual: PredictedTraining
    rule: PredictedTraining
    optimum: PredictedTraining


def build_plan(training: TrainingRun, law: ScalingLaw = EPOCH_LAW) -> TrainingPlan:
    """Return a plan that compares a training run with the two alternatives for the same compute."""
    return TrainingPlan(
        law=law,
        actual=_predict(training, law),
        rule=_predict(derive_by_rule(training.compute), law),
        optimum=_predict(law.find_optimum(training.compute), law),
    )


def _predict(training: TrainingRun, law: ScalingLaw) -> PredictedTraining:
    return PredictedTraining(training, law.compute_loss(training.params, training.tokens))
