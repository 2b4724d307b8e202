"""R: every rule acts where it must, nowhere else, exactly as configured; the journal closes on the stored values."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from seed_pipeline.quality.journal import EXACT, HOME, METRICS, Journal, close, domain, effect_on
from seed_pipeline.quality.observation import Chunk
from seed_pipeline.quality.sums import Faults, Part, Sums
from seed_pipeline.quality.verdict import Findings
from seed_pipeline.settings import Settings
from seed_pipeline.settings.facts import RULE_METRICS
from seed_pipeline.settings.rules import Effect, Rule
from seed_pipeline.settings.targets import Target, in_force


def collect_rule(chunk: Chunk, target: Target) -> Part:
    """R1-R8: the faults of the rule that the target names; none of a rule that is not configured."""
    wanted = target.using["rule"]
    journal = chunk.journal
    found: dict[str, Faults] = {}
    for code, rule in enumerate(journal.rules):
        if rule.name == wanted:
            found |= _rule_faults(journal, code, rule)
    return Part(faults=found)


def named_rules(settings: Settings) -> set[str]:
    """Rules that have a target of their own."""
    return {t.using["rule"] for t in settings.targets.statements.values() if t.measure == "rule"}


def collect_further(chunk: Chunk, target: Target) -> Part:
    """Rules without a target of their own, and rows of rules or metrics that nobody configured."""
    journal = chunk.journal
    own = named_rules(chunk.settings)
    found: dict[str, Faults] = {}
    for code, rule in enumerate(journal.rules):
        if rule.name not in own:
            found |= {f"{rule.name}: {label}": faults for label, faults in _rule_faults(journal, code, rule).items()}
    rows = journal.rows
    strange = (rows["rule"] < 0) | (rows["metric"] < 0) | (rows["session"] < 0)
    found["rows of a known rule, metric and session"] = Faults.of(strange.to_numpy(), journal.ids)
    return Part(faults=found)


def _rule_faults(journal: Journal, code: int, rule: Rule) -> dict[str, Faults]:
    found: dict[str, Faults] = {}
    rows = journal.rows
    mine = np.flatnonzero(rows["rule"].to_numpy() == code)
    for metric in dict.fromkeys([e.metric for e in rule.effects]):
        effects = [e for e in rule.effects if e.metric == metric]
        found |= _metric_faults(journal, code, rule, metric, effects, mine)
    unknown = ~np.isin(rows["metric"].to_numpy()[mine], [METRICS.index(e.metric) for e in rule.effects])
    found["acts on no other metric"] = Faults.of(unknown, lambda at: journal.ids(mine[at]))
    return found


def _metric_faults(
    journal: Journal, code: int, rule: Rule, metric: str, effects: Sequence[Effect], mine: np.ndarray
) -> dict:
    """Missing rows, rows too many, and wrong arithmetic of a rule on a metric."""
    rows, m = journal.rows, METRICS.index(metric)
    here = mine[rows["metric"].to_numpy()[mine] == m]
    sessions = np.flatnonzero(journal.applies(rule, metric))
    wanted = np.concatenate([journal.key(sessions, m, code, turn) for turn in range(len(effects))])
    seen = rows["key"].to_numpy()[here]
    ids = journal.facts.ids
    missing, extra = ~np.isin(wanted, seen), ~np.isin(seen, wanted)
    before, after = rows["before"].to_numpy()[here], rows["after"].to_numpy()[here]
    turns = seen % 64
    wrong = np.zeros(len(here), dtype=bool)
    for turn, effect in enumerate(effects):
        wrong |= (turns == turn) & ~close(after, effect_on(effect, before))
    return {
        f"{metric}: recorded where triggered": Faults.of(missing, lambda at: ids[np.tile(sessions, len(effects))[at]]),
        f"{metric}: not recorded elsewhere": Faults.of(extra, lambda at: journal.ids(here[at])),
        f"{metric}: {_worded(effects)}": Faults.of(wrong, lambda at: journal.ids(here[at])),
    }


def _worded(effects: Sequence[Effect]) -> str:
    return ", ".join(f"{e.operation} {e.value:g}" for e in effects)


def _final(journal: Journal, code: int, rule: Rule) -> Iterator[tuple[str, Faults]]:
    """Caps and settings that no later rule touches hold in the stored values themselves (R4, R6)."""
    for i, effect in enumerate(rule.effects):
        if effect.operation not in ("cap", "set") or effect.metric not in RULE_METRICS:
            continue
        if any(later.metric == effect.metric for later in rule.effects[i + 1 :]):
            continue
        where = journal.applies(rule, effect.metric)
        for later_rule in journal.rules[code + 1 :]:
            if any(e.metric == effect.metric for e in later_rule.effects):
                where &= ~journal.applies(later_rule, effect.metric)
        stored = journal.facts[effect.metric][where]
        low, high, places = domain(effect.metric)
        limit = np.clip(effect.value, low, high)
        half = 0.5 * 10.0**-places + EXACT
        wrong = stored > limit + half if effect.operation == "cap" else ~(np.abs(stored - limit) <= half)
        yield f"stored {effect.metric}: {_worded([effect])}", Faults.of(wrong, journal.facts.ids[where])


def collect_stored(chunk: Chunk, target: Target) -> Part:
    """R4, R6: what a rule's caps and settings say of the stored values, whatever the journal says."""
    found: dict[str, Faults] = {}
    for code, rule in enumerate(chunk.journal.rules):
        if rule.name == target.using["rule"]:
            found |= dict(_final(chunk.journal, code, rule))
    return Part(faults=found)


def assess_rule(sums: Sums, part: Part, target: Target, settings: Settings) -> Findings:
    """The rule's faults; a rule that was removed has nothing to judge."""
    if not part.faults:
        return Findings(note=f"no rule is called {target.using['rule']}: nothing to judge")
    off = (
        ""
        if in_force(target.model_copy(update={"rule": target.using["rule"]}), settings)
        else "the rule is off: nothing to judge"
    )
    return Findings(faults=part.faults, note=off)


def collect_journal(chunk: Chunk, target: Target) -> Part:
    """R: rows chain, are numbered 1, 2, 3 … in the rules' order, and close on the stored values."""
    journal, rows = chunk.journal, chunk.journal.rows
    first, seq = journal.first, rows["seq"].to_numpy()
    after, before = rows["after"].to_numpy(), rows["before"].to_numpy()
    follows = ~first
    previous = np.r_[np.nan, after[:-1]] if len(rows) else after
    number = np.r_[0.0, seq[:-1]] if len(rows) else seq
    rule = rows["rule"].to_numpy()
    earlier = np.r_[-1, rule[:-1]] if len(rows) else rule
    found = {
        "numbered from 1": Faults.of(np.where(first, seq != 1, seq != number + 1), journal.ids),
        "before is the last after": Faults.of(follows & ~close(before, previous), journal.ids),
        "in the order of the rules": Faults.of(follows & (rule < earlier), journal.ids),
    }
    return Part(faults=found | dict(_closing(journal)))


def _of_rows(journal: Journal, rows: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Session IDs of some of some rows."""
    return journal.ids(rows[at])


def _closing(journal: Journal) -> Iterator[tuple[str, Faults]]:
    rows = journal.rows
    for metric in HOME:
        here = np.flatnonzero(journal.last & (rows["metric"].to_numpy() == METRICS.index(metric)))
        session = rows["session"].to_numpy()[here]
        stored = np.append(journal.facts[metric], np.nan)[session]
        low, high, places = domain(metric)
        final = np.clip(rows["after"].to_numpy()[here], low, high)
        wrong = ~(np.abs(stored - final) <= 0.5 * 10.0**-places + EXACT)
        yield f"{metric} closes", Faults.of(wrong, partial(_of_rows, journal, here))
