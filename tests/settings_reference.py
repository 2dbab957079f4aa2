"""Updates the tables in docs/reference/settings.md from the declarations: `python -m tests.settings_reference`."""

from pathlib import Path

from config.environment import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs/reference/settings.md"
EXAMPLE = ROOT / ".env.example"


def read_example() -> dict[str, str]:
    """Return the default of each setting in .env.example, or an empty string if it has none."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def render_reference(reference: str) -> str:
    """Return the page with updated tables. Each section must already have a table. Other text is kept."""
    for section in dict.fromkeys(setting.section for setting in SETTINGS.values()):
        before, rest = reference.split(f"## {section}\n", 1)
        head, rest = rest.split("|---|---|---|\n", 1)
        after = rest[rest.find("\n\n") :] if "\n\n" in rest else "\n"
        reference = f"{before}## {section}\n{head}|---|---|---|\n{render_rows(section)}{after}"
    return reference


def render_rows(section: str) -> str:
    defaults = read_example()
    rows = []
    for name, setting in SETTINGS.items():
        if setting.section == section:
            default = f"`{defaults[name]}`" if defaults[name] else "none"
            rows.append(f"| `{name}` | {default} | {setting.meaning} |")
    return "\n".join(rows)


if __name__ == "__main__":
    REFERENCE.write_text(render_reference(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")
