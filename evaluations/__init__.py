"""Evaluations: invited raters judge contestants blind, on questions of the owner, with answers made beforehand."""
