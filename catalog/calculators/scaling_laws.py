"""How large a model and how much data a training budget allows: the scaling laws of Chinchilla.

Training a model of N parameters on D tokens takes C = 6·N·D operations. N counts what works on a token: the active
parameters of a mixture of experts.
"""

import math
from dataclasses import dataclass

OPERATIONS_PER_PARAMETER_TOKEN = 6
TOKENS_PER_PARAMETER = 20


@dataclass(frozen=True)
class ScalingLaw:
    """The loss of a model as fitted to many: E + A/N^a + B/D^b, with N in parameters and D in tokens."""

    slug: str
    floor: float
    of_params: float  # A
    of_tokens: float  # B
    alpha: float  # a
    beta: float  # b

    def loss(self, params: float, tokens: float) -> float:
        return self.floor + self.of_params / math.pow(params, self.alpha) + self.of_tokens / math.pow(tokens, self.beta)

    def optimum(self, compute: float) -> "Training":
        """The least loss for these operations: N = G·(C/6)^(b/(a+b)) with G = (aA/(bB))^(1/(a+b)), D = C/6N."""
        together = self.alpha + self.beta
        scale = math.pow(self.alpha * self.of_params / (self.beta * self.of_tokens), 1 / together)
        params = scale * math.pow(compute / OPERATIONS_PER_PARAMETER_TOKEN, self.beta / together)
        return Training(params, compute / OPERATIONS_PER_PARAMETER_TOKEN / params)


# Besiroglu, Erdil, Barnett and You 2024, https://arxiv.org/abs/2404.10102: the third method of the paper, fitted again.
EPOCH_LAW = ScalingLaw("epoch", 1.8172, 482.01, 2085.43, 0.3478, 0.3658)
# Hoffmann et al. 2022, https://arxiv.org/abs/2203.15556, section D.3, as printed. They were rounded, and contradict the
# other two methods of that paper: at Chinchilla's own compute they ask for 93 tokens per parameter.
HOFFMANN_LAW = ScalingLaw("hoffmann", 1.69, 406.4, 410.7, 0.34, 0.28)
LAWS = {law.slug: law for law in (EPOCH_LAW, HOFFMANN_LAW)}


@dataclass(frozen=True)
class Training:
    """A model of so many parameters, trained on so many tokens."""

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
        """How many times the tokens of the rule; 1 is the rule, 94 a model made to be cheap to run."""
        return self.tokens_per_parameter / TOKENS_PER_PARAMETER


def derive_by_rule(compute: float) -> Training:
    """Twenty tokens per parameter, for these operations."""
    params = math.sqrt(compute / (OPERATIONS_PER_PARAMETER_TOKEN * TOKENS_PER_PARAMETER))
    return Training(params, TOKENS_PER_PARAMETER * params)


def derive_training(params: float | None = None, tokens: float | None = None, compute: float | None = None) -> Training:
    """The training that two of three tell, or one of them with the rule.

    Raises ValueError if none or all three are given: the third follows from two.
    """
    if params is not None and tokens is not None:
        if compute is not None:
            raise ValueError("Compute follows from parameters and tokens: leave one of the three empty.")
        return Training(params, tokens)
    if compute is not None:
        return _derive_from_compute(compute, params, tokens)
    if params is not None:
        return Training(params, TOKENS_PER_PARAMETER * params)
    if tokens is not None:
        return Training(tokens / TOKENS_PER_PARAMETER, tokens)
    raise ValueError("Give parameters, tokens or compute, or two of them.")


def _derive_from_compute(compute: float, params: float | None, tokens: float | None) -> Training:
    product = compute / OPERATIONS_PER_PARAMETER_TOKEN
    if params is not None:
        return Training(params, product / params)
    if tokens is not None:
        return Training(product / tokens, tokens)
    return derive_by_rule(compute)


@dataclass(frozen=True)
class TrainingPlan:
    """A training beside those that would have been best for its compute, by the rule and by a law; losses in nats."""

    training: Training
    law: ScalingLaw
    rule: Training
    optimum: Training
    loss: float
    loss_by_rule: float
    least_loss: float


def build_plan(chosen: Training, law: ScalingLaw = EPOCH_LAW) -> TrainingPlan:
    rule, best = derive_by_rule(chosen.compute), law.optimum(chosen.compute)
    losses = (law.loss(each.params, each.tokens) for each in (chosen, rule, best))
    return TrainingPlan(chosen, law, rule, best, *losses)
