"""Small score files in the formats of the importers."""

import copy
import json

LM_EVAL = {
    "results": {
        "gsm8k": {
            "alias": "gsm8k",
            "exact_match,strict-match": 0.5,
            "exact_match_stderr,strict-match": 0.0138,
            "exact_match,flexible-extract": 0.55,
            "exact_match_stderr,flexible-extract": "N/A",
        },
        "mmlu": {"acc,none": 0.6, "acc_stderr,none": 0.004, "alias": "mmlu"},
        "mmlu_anatomy": {"alias": "  - anatomy", "acc,none": 0.4, "acc_stderr,none": 0.04},
    },
    "groups": {"mmlu": {"acc,none": 0.6, "acc_stderr,none": 0.004, "alias": "mmlu"}},
    "group_subtasks": {"mmlu": ["mmlu_anatomy"], "gsm8k": []},
    "configs": {"gsm8k": {"task": "gsm8k", "num_fewshot": 5}},
    "versions": {"gsm8k": 3.0, "mmlu": 2, "mmlu_anatomy": 1.0},
    "n-shot": {"gsm8k": 5, "mmlu": 5, "mmlu_anatomy": 5},
    "n-samples": {"gsm8k": {"original": 1319, "effective": 1319}},
    "config": {
        "model": "hf",
        "model_args": "pretrained=maker/Model-7B,dtype=bfloat16",
        "model_dtype": "torch.bfloat16",
        "model_revision": "main",
        "model_sha": "abc123",
        "limit": None,
    },
    "git_hash": "1f84a09f",
    "date": 1768964383.86,
    "lm_eval_version": "0.4.9.2",
    "task_hashes": {"gsm8k": "f" * 64},
    "chat_template": None,
    "chat_template_sha": None,
    "total_evaluation_time_seconds": "2677.7",
}
FIELDS = [
    *("model_name", "model_sha", "model_precision", "model_has_chat_template", "metadata_submission_date"),
    *("model_type", "features_is_merged", "metadata_hub_license", "metadata_params_billions"),
    *(
        f"evaluations_{task}_{kind}"
        for task in ("ifeval", "bbh", "math", "gpqa", "musr", "mmlu_pro")
        for kind in ("value", "normalized_score")
    ),
]
OPEN_LLM = f"""{",".join(FIELDS)}
maker/Model-7B,abc,bfloat16,TRUE,2024-06-12,chatmodels,FALSE,llama3.1,7.24,0.5,50,0.6,43.5,0.25,25,0.6,46.66666666666667,0.42,14.1,0.55,50
maker/Model-7B,abc,float16,TRUE,2024-06-12,chatmodels,TRUE,mit,7.24,0.5,50,0.6,43.5,0.25,25,0.2,0,0.42,14.1,0.05,0
other/Base-1B,def,bfloat16,FALSE,,pretrained,FALSE,other,-1,0.5,50,,,0.25,25,0.6,46.66666666666667,,,0.55,50
"""
PLAIN = """model,benchmark,value,source,shots,n,chat_template,self_reported,date
Model-7B,mmlu,0.7,https://a.example,5,14042,true,true,2025-01-02
Model-8B,my-own-test,0.25,https://a.example,,,,,
"""


def lm_eval(**changes):
    """Return a result file as bytes. `changes` replaces top-level entries."""
    return json.dumps(copy.deepcopy(LM_EVAL) | changes).encode()


def newer():
    """Return a result file in the format of version 0.4.13."""
    document = copy.deepcopy(LM_EVAL)
    for task, result in document["results"].items():
        result |= {"name": task, "sample_len": 10}
    document |= {"lm_eval_version": "0.4.13", "model_name": "maker/Model-7B", "chat_template_sha": "c" * 64}
    return json.dumps(document).encode()
