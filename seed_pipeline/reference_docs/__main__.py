"""Write the reference pages."""

from seed_pipeline.reference_docs import DOCS, pages

for name, text in pages().items():
    DOCS.mkdir(exist_ok=True)
    (DOCS / name).write_text(text, encoding="utf-8")
    print(f"docs/{name}: {len(text.splitlines())} lines")
