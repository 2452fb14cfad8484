"""What a scrape says, as Prometheus reads it."""

from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

FORMAT = "text/plain; version=0.0.4"


@dataclass(frozen=True, slots=True)
class Scrape:
    families: list[Metric]

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name that have these labels, among others."""
        return sum(self.each(name, **labels))

    def each(self, name: str, **labels: str) -> Iterator[float]:
        for family in self.families:
            for sample in family.samples:
                if sample.name == f"wc_bridge_{name}" and labels.items() <= sample.labels.items():
                    yield sample.value

    def labels(self, name: str, label: str) -> set[str]:
        """The values of a label, of samples that are not 0."""
        samples = [it for family in self.families for it in family.samples if it.name == f"wc_bridge_{name}"]
        return {it.labels[label] for it in samples if it.value}

    def metrics(self) -> dict[str, set[str]]:
        """Every metric by its name in Prometheus, with the labels of its samples."""
        found: dict[str, set[str]] = {}
        for family in self.families:
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
        return found


def read(text: str) -> Scrape:
    return Scrape(list(text_string_to_metric_families(text)))


async def scraped(address: str, token: str | None = None) -> Scrape:
    headers = {"Accept": FORMAT, **({"Authorization": f"Bearer {token}"} if token else {})}
    async with aiohttp.ClientSession() as session, session.get(f"{address}/metrics", headers=headers) as answer:
        assert answer.status == 200
        return read(await answer.text())
