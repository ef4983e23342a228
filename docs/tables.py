"""Writes the pages that are made from tables in the code: `python docs/tables.py`. A test fails when they are old."""

from pathlib import Path

from ndl_graph.formats import FORMATS
from ndl_graph.normalise import STEPS
from ndl_graph.settings import SETTINGS
from ndl_graph.validation import load_profile, profile_names

HERE = Path(__file__).parent


def normalising() -> str:
    """The steps of `normalise.STEPS`."""
    parts = [
        "# Normalising\n",
        "What publishers really write is repaired while it is read. The steps are done in this order; each is told",
        "at load with its count and an example, and doing them twice changes nothing. What no step knows is kept.\n",
    ]
    for step in STEPS:
        parts.append(f"## {step.name}\n\n{step.what}\n")
        parts.append(f"```turtle\n# before\n{step.before}\n# after\n{step.after}\n```\n")
    return "\n".join(parts)


def formats() -> str:
    """The table `formats.FORMATS`."""
    rows = [
        f"| `{form.name}` | {form.title} | `{form.content_type}` | {', '.join('.' + one for one in form.suffixes)} "
        f"| {'yes' if form.read else ''} | {'yes' if form.write else ''} |"
        for form in FORMATS
    ]
    head = "# Formats\n\n| name | what | media type | suffixes | in | out |\n| --- | --- | --- | --- | --- | --- |\n"
    return head + "\n".join(rows) + "\n"


def settings() -> str:
    """The table `settings.SETTINGS`."""
    rows = [f"| `{one.name}` | `{one.default!r}` | `NDL_GRAPH_{one.name.upper()}` | {one.help} |" for one in SETTINGS]
    head = (
        "# Settings\n\n"
        "A flag counts first, then the environment, then `ndl-graph.toml` in the current folder,\n"
        "then the "
        "default. `ndl-graph config` shows each value and where it came from.\n\n"
        "| name | default | environment | meaning |\n| --- | --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


def profiles() -> str:
    """What each profile asks."""
    parts = ["# Profiles\n"]
    for name in profile_names():
        profile = load_profile(name)
        parts.append(f"## `{name}` {profile.version}: {profile.title}\n\n{profile.description}\n")
        for shape, rules in profile.shapes:
            parts.append(f"### {shape}\n")
            parts.append(
                "| property | obligation | meaning | where it is not met | example |\n| --- | --- | --- | --- | --- |"
            )
            for rule in rules:
                path = f" `{rule.path}`" if rule.path else ""
                cells = (
                    f"{rule.name}{path}",
                    rule.obligation,
                    f"{rule.what} {rule.why}".strip(),
                    f"{rule.message} {rule.fix}",
                    f"`{rule.example}`",
                )
                parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
            parts.append("")
    return "\n".join(parts)


PAGES = {"normalising.md": normalising, "formats.md": formats, "settings.md": settings, "profiles.md": profiles}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), "utf-8")
