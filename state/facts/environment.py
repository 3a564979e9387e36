"""Which environment this is: a word for the badge, and whether it is a testnet. Contradictions are not guessed away."""

from collections.abc import Mapping
from typing import NamedTuple

from state.facts.sources import Sources
from state.files.surfaces import ENGINE_METADATA, RISK_SNAPSHOT
from state.files.values import flag, mapping, text

# Everything the loader takes from the environment of the process.
ENVIRON_KEYS = ("HEDGE_ENV", "ENV", "BINANCE_TESTNET")

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})


class Environment(NamedTuple):
    """Badge word, testnet flag (None: unknown or contradictory), and what each witness says."""

    name: str | None
    testnet: bool | None
    witnesses: dict[str, bool]


def find_environment(sources: Sources) -> Environment:
    """Ask the state and the process environment; all witnesses have to agree."""
    witnesses = _witnesses(sources)
    said = set(witnesses.values())
    testnet = said.pop() if len(said) == 1 else None
    nothing = "no state file and no environment variable says whether this is a testnet"
    sources.unknown.known("meta.testnet", testnet, "the witnesses contradict each other" if witnesses else nothing)
    name = _name(sources)
    sources.unknown.known("meta.environment", name, "neither HEDGE_ENV nor ENV is set, and no state file names one")
    return Environment(name, testnet, witnesses)


def _name(sources: Sources) -> str | None:
    environ = sources.environ
    return text(environ.get("HEDGE_ENV")) or text(environ.get("ENV")) or engine_environment(sources)


def engine_environment(sources: Sources) -> str | None:
    """The environment the executor says it runs in."""
    return text(sources.data(ENGINE_METADATA).get("env"))


def _witnesses(sources: Sources) -> dict[str, bool]:
    """Who says what. Overrides that are not active are a default, and prove nothing about the exchange."""
    overrides = flag(mapping(sources.data(RISK_SNAPSHOT).get("risk_config_meta")).get("testnet_overrides_active"))
    said = {"BINANCE_TESTNET": _binance(sources.environ)}
    if overrides:
        said[f"{RISK_SNAPSHOT} testnet_overrides_active"] = True
    # Only the exact word speaks; any other environment says nothing about the exchange's testnet.
    for witness, name in (("ENV", sources.environ.get("ENV")), (ENGINE_METADATA, engine_environment(sources))):
        if (name or "").strip().lower() == "testnet":
            said[witness] = True
    return {name: value for name, value in said.items() if value is not None}


def _binance(environ: Mapping[str, str]) -> bool | None:
    value = (environ.get("BINANCE_TESTNET") or "").strip().lower()
    return True if value in TRUE_WORDS else False if value in FALSE_WORDS else None
