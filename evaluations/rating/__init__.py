"""Rating: links, handing out items, verdicts, and the stages of an evaluation."""
