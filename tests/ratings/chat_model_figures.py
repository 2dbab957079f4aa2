"""Figures for 53 chat models: benchmark scores, and ratings by people.

The average and MuSR scores are from the Open LLM Leaderboard v2 (public, retired in March 2025). The ratings, with the
half-widths of their 95% intervals, are from the public chatbot arena in August 2025. They were joined by name.
"""

from typing import NamedTuple


class Model(NamedTuple):
    name: str
    average: float
    musr: float
    rating: float
    half_width: float


FIGURES = """
Yi-1.5-34B-Chat 33.358 42.82 1178 4
Yi-34B-Chat 24.227 39.78 1134 6
aya-expanse-32b 29.719 38.73 1228 4
aya-expanse-8b 22.407 37.29 1193 6
zephyr-7b-alpha 18.599 39.50 1066 15
zephyr-7b-beta 17.792 39.25 1076 8
zephyr-orpo-141b-A35b-v0.1 34.126 44.65 1150 10
SmolLM2-1.7B-Instruct 15.022 34.21 1062 13
Nous-Hermes-2-Mixtral-8x7B-DPO 27.353 45.95 1119 11
QwQ-32B-Preview 34.120 41.10 1170 10
Qwen1.5-110B-Chat 33.127 45.22 1180 5
Qwen1.5-14B-Chat 23.566 44.00 1135 6
Qwen1.5-32B-Chat 29.257 41.60 1144 5
Qwen1.5-4B-Chat 12.627 39.78 1006 9
Qwen1.5-7B-Chat 17.621 37.79 1090 9
Qwen2-72B-Instruct 43.594 45.60 1208 4
Qwen2.5-72B-Instruct 47.980 42.06 1272 3
Qwen2.5-Coder-32B-Instruct 39.885 43.86 1234 7
Llama-3.1-Tulu-3-70B 42.332 49.48 1259 10
Llama-3.1-Tulu-3-8B 26.035 41.75 1199 10
Starling-LM-7B-alpha 20.839 41.20 1114 7
deepseek-llm-67b-chat 27.311 50.59 1110 11
gemma-1.1-2b-it 8.053 33.94 1032 7
gemma-1.1-7b-it 17.694 42.30 1102 5
gemma-2-27b-it 36.174 40.33 1235 2
gemma-2-9b-it 32.073 40.73 1212 3
gemma-2b-it 7.486 33.41 1011 11
gemma-7b-it 13.067 42.74 1063 9
granite-3.0-2b-instruct 18.396 35.15 1090 7
granite-3.0-8b-instruct 24.028 39.01 1107 8
granite-3.1-2b-instruct 21.712 36.05 1135 10
granite-3.1-8b-instruct 30.603 47.07 1157 10
internlm2_5-20b-chat 38.880 45.58 1168 6
Llama-3.1-70B-Instruct 43.410 45.81 1264 3
Llama-3.2-1B-Instruct 14.443 33.29 1067 7
Llama-3.2-3B-Instruct 24.205 35.29 1117 7
Llama-3.3-70B-Instruct 44.847 44.61 1275 3
Meta-Llama-3-70B-Instruct 36.372 41.54 1224 3
Meta-Llama-3-8B-Instruct 23.909 35.68 1171 3
Phi-3-medium-4k-instruct 33.098 42.58 1143 4
Phi-3-mini-128k-instruct 26.344 39.37 1061 6
Phi-3-mini-4k-instruct 25.968 39.50 1081 5
Phi-3-small-8k-instruct 32.342 45.58 1117 5
phi-4 30.358 50.34 1222 4
Ministral-8B-Instruct-2410 24.186 41.38 1198 8
Mistral-7B-Instruct-v0.1 12.771 38.48 1031 9
Mistral-7B-Instruct-v0.2 18.508 39.66 1097 6
Mistral-Large-Instruct-2411 46.524 45.40 1268 4
Mixtral-8x22B-Instruct-v0.1 33.886 43.11 1167 4
Mixtral-8x7B-Instruct-v0.1 23.817 42.03 1138 3
openchat_3.5 21.636 42.29 1103 9
OpenHermes-2.5-Mistral-7B 21.317 42.42 1100 10
SOLAR-10.7B-Instruct-v1.0 20.572 38.99 1091 12
"""
MODELS = [
    Model(name, *map(float, figures)) for name, *figures in (line.split() for line in FIGURES.strip().splitlines())
]
