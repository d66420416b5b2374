"""Drain (drain3-improved) and Brain (logparser's own file) as rivals in the benchmark of log templates."""

import ast
import importlib.util
import re
import sys
import types
from pathlib import Path
from typing import Any

from bench.logs_grouping_data import Grouped
from daydream.analysis.logs.masks import mask


def drain(texts: list[str], similarity: float, depth: int) -> Grouped:
    """Group by drain3's tree, after our masks."""
    from drain3.drain import Drain

    tree: Any = Drain(depth=depth, sim_th=similarity, param_str="<*>")
    found = [tree.add_log_message(mask(text))[0] for text in texts]
    return [cluster.cluster_id for cluster in found], [cluster.get_template() for cluster in found]


class Brain:
    """Logparser's Brain, imported from its file; what it only needs to read and write tables is left out."""

    def __init__(self, folder: Path) -> None:
        sys.modules.setdefault("pandas", types.ModuleType("pandas"))
        sys.modules.setdefault("regex", re)
        spec = importlib.util.spec_from_file_location("logparser_brain", folder / "Brain.py")
        if spec is None or spec.loader is None:
            raise FileNotFoundError(folder / "Brain.py")
        self._module: Any = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._module)
        self.published = _settings(folder / "benchmark.py")

    def own(self, system: str, texts: list[str], *, by_name: bool) -> Grouped:
        """Group with the expressions and threshold published for the system; `by_name` tells Brain which
        system it is, for which its code has rules of their own."""
        given = self.published[system]
        return self._group(
            texts, given["regex"], given["delimiter"], given["theshold"], system if by_name else ""
        )

    def generic(self, texts: list[str], threshold: int) -> Grouped:
        """Group after our masks with one threshold."""
        masked = [re.sub(r"<[a-z]+>", "<*>", mask(text)) for text in texts]
        return self._group(masked, [], [], threshold, "")

    def _group(
        self, texts: list[str], rex: list[str], delimiter: list[str], threshold: int, name: str
    ) -> Grouped:
        parser = self._module.LogParser(name, "<Content>", threshold=threshold, delimeter=delimiter, rex=rex)
        lengths, tuples, often = parser.get_frequecy_vector(texts, rex, delimiter, name)
        ordered, combinations, reverse = parser.tuple_generate(lengths, tuples, often)
        groups: list[Any] = [None] * len(texts)
        for key in lengths:
            tree = self._module.tupletree(
                ordered[key], combinations[key], reverse[key], tuples[key], lengths[key]
            )
            detail, roots, words = tree.find_root(0)
            parsed = tree.down_split(tree.up_split(detail, roots), threshold, words)
            for template, lines in self._module.output_result(parsed).items():
                for line in lines:
                    groups[line] = template
        return groups, [" ".join(group) for group in groups]


def _settings(path: Path) -> dict[str, Any]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "benchmark_settings":
            return dict(ast.literal_eval(node.value))
    raise ValueError(f"no benchmark_settings in {path}")
