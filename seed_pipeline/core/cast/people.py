"""What tutors and students have in common: places in the cast, names, e-mail addresses, departments of subjects."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from seed_pipeline.core.columns import Table, Tables, Words, chosen_words, constant, written
from seed_pipeline.core.plan.world import World
from seed_pipeline.core.sampling.randomness import bits, ids, pick, uniform
from seed_pipeline.core.text.names import RESERVED_DOMAINS, first_names, last_names
from seed_pipeline.settings.personas import StudentPersona, TutorPersona

DEPARTMENTS = 3
SUBJECTS_IN_DEPARTMENT = 3


def places(world: World, cohorts: range, counts: Sequence[int]) -> Table:
    """One row per person: cohort, slot in the cohort, persona (code) and the person's own key.

    The order within a cohort is the settings' order of personas, so that one persona's settings leave the others' keys
    as they were only if its count stays; IDs derive from the key (X4).
    """
    persona = np.repeat(np.arange(len(counts)), counts)
    size = len(persona)
    cohort = np.repeat(np.arange(cohorts.start, cohorts.stop), size)
    slot = np.tile(np.arange(size), len(cohorts))
    return Table(
        {"cohort": cohort, "slot": slot, "persona": np.tile(persona, len(cohorts)), "key": cohort * world.slots + slot}
    )


class People(NamedTuple):
    """A role's people: their places, the dates on which they joined, their rows of `users`, what each is called."""

    place: Table
    since: np.ndarray
    users: Table
    called: Words

    @property
    def ids(self) -> Words:
        """Their IDs."""
        return self.users.words("id")


def people(world: World, role: str, cohorts: range, personas: Iterable[TutorPersona | StudentPersona]) -> People:
    """The people of a role, persona by persona in each cohort."""
    personas = list(personas)
    place = places(world, cohorts, [p.count for p in personas])
    since = _joined(world, role, place, [p.tenure_days for p in personas])
    return People(place, since, *_users(world, role, place, since))


def _users(world: World, role: str, place: Table, since: np.ndarray) -> tuple[Table, Words]:
    """Rows of `users` for these places, and what each is called; `since` are the dates on which they joined."""
    seed, key, cohort = world.seed, place.number("key"), place.number("cohort")
    first, last = (
        _drawn(seed, f"{role}/first_name", key, first_names()),
        _drawn(seed, f"{role}/last_name", key, last_names()),
    )
    short = _each(_shortened, first)
    differs = np.not_equal(*(words.vocabulary.to_pylist() for words in (short, first)))[first.codes]
    known_by_it = (uniform(seed, f"{role}/has_nickname", key) < 0.2) & differs
    user_id = user_ids(world, role, key)
    # The person's number in the whole world makes the address unique whatever the name (Q9).
    size = int((cohort == cohort[0]).sum())
    number = cohort * size + place.number("slot") + 1
    share = np.ones(len(RESERVED_DOMAINS))
    domain = Words(RESERVED_DOMAINS, pick(uniform(seed, f"{role}/domain", key), share))
    email = written(_each(_ascii, first), ".", _each(_ascii, last), f".{role[0]}", number, "@", domain)
    seconds = (8 + 12 * uniform(seed, f"{role}/joined_at", key)) * 3600
    pictured = uniform(seed, f"{role}/has_avatar", key) < 0.7
    user = Table(
        {
            "id": user_id,
            "email": email,
            "name": written(first, " ", last),
            "preferred_name": short.where(known_by_it),
            "avatar_url": written("https://avatars.example.com/", user_id, ".png", where=pictured),
            "role": constant(role, len(key)),
            "created_at": world.zone.utc(since + seconds.astype(np.int64).astype("timedelta64[s]")),
        }
    )
    return user, chosen_words(known_by_it, short, first)


def user_ids(world: World, role: str, key: np.ndarray | int) -> Words:
    """The IDs of people of a role: UUIDs, as the platform's own users have (Q9, X4)."""
    return ids(world.seed, f"{role}/id", key)


def window_end(world: World) -> np.datetime64:
    """The moment, as stored, at which the platform's windows end: as_of 00:00 (P3, P8)."""
    return np.datetime64(world.settings.main.as_of, "s")


def window_start(world: World) -> np.datetime64:
    """Midnight, by the zone's clocks, of the first day of the window (D)."""
    return np.datetime64(world.settings.main.as_of, "s") - np.timedelta64(world.settings.main.days, "D")


def _joined(world: World, role: str, place: Table, tenure_days: Sequence[tuple[float, float]]) -> np.ndarray:
    """The date on which each person joined: before the window, so that people exist before they act (Q6).

    `tenure_days` gives each persona's range of days before the window.
    """
    low, high = np.array(tenure_days)[place.number("persona")].T
    days = (low + uniform(world.seed, f"{role}/tenure", place.number("key")) * (high - low)).astype(np.int64)
    return window_start(world) - np.maximum(days, 16).astype("timedelta64[D]")


def departments(world: World, cohorts: np.ndarray) -> np.ndarray:
    """Subjects (indexes, -1 for none): shape (cohorts, DEPARTMENTS, SUBJECTS_IN_DEPARTMENT).

    A tutor teaches a whole department and a student studies one subject of each, so that any pair has a subject (Q5).
    """
    seed, subjects = world.seed, world.settings.text.subjects.subjects
    categories = list(dict.fromkeys(s.category for s in subjects))
    members = [[i for i, s in enumerate(subjects) if s.category == c] for c in categories]
    # Efraimidis-Spirakis: the largest u ** (1 / weight) are a weighted draw without replacement.
    u = np.stack([uniform(seed, f"department/{c}", cohorts) for c in categories], axis=1)
    chosen = np.argsort(np.log(u) / np.array([len(m) for m in members]), axis=1)[:, ::-1]
    chosen = (
        np.resize(chosen, (len(cohorts), DEPARTMENTS)) if len(categories) < DEPARTMENTS else chosen[:, :DEPARTMENTS]
    )
    result = np.full((len(cohorts), len(categories), SUBJECTS_IN_DEPARTMENT), -1)
    for c, indexes in enumerate(members):
        u = np.stack([uniform(seed, f"department/{subjects[i].name}", cohorts) for i in indexes], axis=1)
        order = np.array(indexes)[np.argsort(u, axis=1)][:, :SUBJECTS_IN_DEPARTMENT]
        result[:, c, : order.shape[1]] = order
    return np.take_along_axis(result, chosen[:, :, None], axis=1)


def studied(role: str, people: Words, subjects: np.ndarray, upstream: Mapping[str, Tables]) -> Table:
    """A row for each person and subject (indexes by person and place, -1 for none), each once."""
    again = (subjects[:, :, None] == subjects[:, None, :]) & np.tri(subjects.shape[1], k=-1, dtype=bool)
    row, column = np.nonzero((subjects >= 0) & ~again.any(axis=2))
    known = upstream["reference"]["subjects"].words("id")
    return Table({role: people[row], "subject_id": known[subjects[row, column]]})


def _drawn(seed: int, purpose: str, key: np.ndarray, words: Sequence[str]) -> Words:
    codes, used = (bits(seed, purpose, key) % np.uint64(len(words))).astype(np.int64), np.zeros(len(words), bool)
    used[codes] = True
    return Words([words[place] for place in np.flatnonzero(used).tolist()], (np.cumsum(used) - 1)[codes])


def _each(made: Callable[[str], str], words: Words) -> Words:
    """What is made of each word."""
    return Words([made(word) for word in words.vocabulary.to_pylist()], words.codes)


@cache
def _shortened(name: str) -> str:
    """The name up to the consonant after its first vowel, as friends shorten it (Federico, Fed); short names stay."""
    found = re.match(
        r"[^aeiouyáéíóúäëïöüàèâêîôûãõ]*[aeiouyáéíóúäëïöüàèâêîôûãõ]+[^aeiouyáéíóúäëïöüàèâêîôûãõ]", name, re.I
    )
    return found.group() if found and len(name) >= 7 and 3 <= len(found.group()) <= 5 else name


@cache
def _ascii(name: str) -> str:
    """The name as the local part of an address has it: small ASCII letters."""
    folded = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return "".join(c for c in folded if c.isalpha()) or "x"
