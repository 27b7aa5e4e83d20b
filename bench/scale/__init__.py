"""Work on many machines: corpora on Ray, schedules, and the arithmetic of docs/scale.md."""
